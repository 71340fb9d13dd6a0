using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using CvOps.Contracts;

namespace CvOps.Testing;

/// <summary>What <c>unkind_disk.c</c> does to a process.</summary>
/// <param name="Then">kill, full, readonly, clock, or sync for one that fails; null for nothing but the log.</param>
/// <param name="At">The operation at which it does it; of a sync, the first from there on.</param>
/// <param name="ClockSeconds">How far the clock jumps.</param>
public sealed record Unkindness(string? Then = null, int At = 0, long ClockSeconds = 0);

/// <summary>The library, and what it leaves behind of a folder after a power cut.</summary>
public sealed class UnkindDisk : IDisposable
{
    private const string Root = "d1";

    private readonly TestFolder _folder = new();

    /// <summary>Why no disk can be unkind here; null when one can.</summary>
    public static string? Missing => TestProcess.Find("gcc") is null ? "a C compiler is needed to play an unkind disk (apt-get install gcc libc6-dev)" : null;

    public UnkindDisk()
    {
        Library = _folder["libunkinddisk.so"];
        using var gcc = Process.Start("gcc", ["-shared", "-fPIC", "-Wall", "-Werror", "-O1", "-o", Library, Path.Combine(AppContext.BaseDirectory, "unkind_disk.c"), "-ldl"]);
        gcc.WaitForExit();
        if (gcc.ExitCode != 0) throw new InvalidOperationException("unkind_disk.c does not compile; gcc says why above.");
    }

    public string Library { get; }

    /// <summary>The environment of a process whose folder lies on it.</summary>
    public Dictionary<string, string?> Environment(string data, string log, string durable, Unkindness unkind)
    {
        Directory.CreateDirectory(durable);
        return new Dictionary<string, string?>
        {
            ["LD_PRELOAD"] = Library, ["CVOPS_DISK"] = data, ["CVOPS_DISK_LOG"] = log, ["CVOPS_DISK_DURABLE"] = durable,
            ["CVOPS_DISK_THEN"] = unkind.Then ?? "", ["CVOPS_DISK_AT"] = $"{unkind.At}", ["CVOPS_DISK_CLOCK"] = $"{unkind.ClockSeconds}",
        };
    }

    /// <summary>What our code, and an assembly, ask libc for themselves goes the same way as what the runtime asks for. Called in the process whose disk is unkind; elsewhere it does nothing.</summary>
    public static void Intercept(Assembly assembly)
    {
        if (System.Environment.GetEnvironmentVariable("LD_PRELOAD") is { Length: > 0 } library) Intercept(library, assembly);
    }

    /// <inheritdoc cref="Intercept(Assembly)"/>
    public static void Intercept(string library, Assembly assembly)
    {
        foreach (var asks in (Assembly[])[typeof(DurableFile).Assembly, assembly])
            NativeLibrary.SetDllImportResolver(asks, (name, _, _) => name == "libc" ? NativeLibrary.Load(library) : IntPtr.Zero);
    }

    /// <summary>Makes the folder that is there after a power cut: only what was asked to be durable.</summary>
    public static void AfterPowerCut(string durable, string data) => Restore(durable, Root, data);

    public void Dispose() => _folder.Dispose();

    private static void Restore(string durable, string folder, string to)
    {
        Directory.CreateDirectory(to);
        var names = Path.Combine(durable, folder);
        // A folder that was made and never flushed has lost its names.
        if (!File.Exists(names)) return;
        foreach (var line in File.ReadLines(names))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var (stored, target) = (line[..space], Path.Combine(to, line[(space + 1)..]));
            if (stored[0] == 'd') Restore(durable, stored, target);
            // A name whose file was never flushed: the file is there and empty.
            else if (File.Exists(Path.Combine(durable, stored))) File.Copy(Path.Combine(durable, stored), target);
            else File.WriteAllBytes(target, []);
        }
    }
}
