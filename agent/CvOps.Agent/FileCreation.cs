using System.Runtime.InteropServices;

namespace CvOps.Agent;

/// <summary>
/// What the agent writes is its user's alone, files 0600 in folders 0700: pictures of the plant, and addresses that let whoever reads them in.
/// </summary>
internal static partial class FileCreation
{
    private const uint OthersNothing = 0b000_111_111;

    /// <summary>For this process and its children, from now on.</summary>
    public static void ForThisUserAlone()
    {
        if (!OperatingSystem.IsWindows()) _ = Umask(OthersNothing);
    }

    /// <summary>umask(2).</summary>
    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint Umask(uint mask);
}
