using System.Runtime.InteropServices;

namespace CvOps.Agent;

/// <summary>
/// No further arenas for the C library's heap than there are at the start, instead of eight a core: threads that come and go leave holes in each.
/// Over 10,000 reconnects of cameras the holes came to 10 MB, and with MALLOC_ARENA_MAX=1 in the environment, as the systemd unit sets it, to
/// 1 MB. What is fast here does not allocate.
/// </summary>
internal static partial class MallocArenas
{
    // M_ARENA_MAX of mallopt(3).
    private const int ArenaMax = -8;

    /// <summary>Call it first thing: arenas that exist stay.</summary>
    public static void AddNoMore()
    {
        try
        {
            _ = SetOption(ArenaMax, 1);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library (musl) has one heap anyway.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
