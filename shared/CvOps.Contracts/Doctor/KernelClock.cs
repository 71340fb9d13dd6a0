using System.Runtime.InteropServices;

namespace CvOps.Contracts.Doctor;

/// <summary>What the kernel says of its clock.</summary>
public static partial class KernelClock
{
    private const int NotSynchronised = 5;      // TIME_ERROR of adjtimex(2)

    /// <returns>Whether somebody keeps it; null where that can't be asked.</returns>
    public static bool? IsSynchronised()
    {
        if (!OperatingSystem.IsLinux()) return null;
        // All zero asks and sets nothing. struct timex has 208 bytes on 64 bits, fewer on 32.
        var question = new byte[256];
        return Ask(question) switch
        {
            < 0 => null,
            NotSynchronised => false,
            _ => true,
        };
    }

    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    private static partial int Ask(byte[] question);
}
