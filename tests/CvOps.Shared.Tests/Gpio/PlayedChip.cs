using System.Device.Gpio;
using System.Runtime.InteropServices;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Gpio;

/// <summary>
/// The chip of <c>played_chip.c</c>: the stand-in's system calls go to that library, which answers for <c>/dev/gpiochip990</c> and hands everything
/// else to the kernel. Bound once a process.
/// </summary>
internal static class PlayedChip
{
    public const int Number = 990;

    private static readonly Lazy<string?> Missing = new(Load);

    /// <summary>Puts the chip in the library's place, if that can be done here.</summary>
    public static void Bind() => _ = Missing.Value;

    /// <summary>Skips the test where there is no C compiler with the kernel's header.</summary>
    public static void Require()
    {
        if (Missing.Value is { } reason) Skip.Because(reason);
    }

    /// <returns>Why not; null when it is bound.</returns>
    private static string? Load()
    {
        if (TestProcess.Find("gcc") is null || !File.Exists("/usr/include/linux/gpio.h")) return "a C compiler with the kernel's headers is needed to play a GPIO chip (apt-get install gcc linux-libc-dev).";
        var library = Path.Combine(Directory.CreateTempSubdirectory("cvops-test-").FullName, "libplayedchip.so");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path.GetDirectoryName(library)!, recursive: true);
        using var gcc = System.Diagnostics.Process.Start("gcc", ["-shared", "-fPIC", "-Wall", "-Werror", "-O1", "-o", library, Path.Combine(AppContext.BaseDirectory, "Gpio", "played_chip.c")]);
        gcc.WaitForExit();
        if (gcc.ExitCode != 0) throw new InvalidOperationException("played_chip.c does not compile; gcc says why above.");
        // What the library does not have is found in the libc that it is linked to.
        NativeLibrary.SetDllImportResolver(typeof(GpioController).Assembly, (name, _, _) => name == "libc" ? NativeLibrary.Load(library) : IntPtr.Zero);
        return null;
    }
}
