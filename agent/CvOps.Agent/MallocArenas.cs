using System.Runtime.InteropServices;

namespace CvOps.Agent;

/// <summary>
/// One arena for the C library's heap instead of eight a core. Threads that come and go leave holes in each arena: over 10,000 reconnects of
/// cameras they came to 10 MB, with one arena to none. What is fast here does not allocate.
/// </summary>
internal static partial class MallocArenas
{
    // M_ARENA_MAX of mallopt(3).
    private const int ArenaMax = -8;

    /// <summary>Call it first thing: arenas that exist stay.</summary>
    public static void LimitToOne()
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
