using System.Runtime.InteropServices;

namespace CvOps.Agent;

/// <summary>
/// Keeps the C library's heap from growing holes. Threads that come and go leave some in each of its eight arenas a core: over 10,000 reconnects of
/// cameras they came to 10 MB, and with MALLOC_ARENA_MAX=1 in the environment, as the systemd unit sets it, to 1 MB. Models that come and go leave
/// larger ones, since the library takes ever larger blocks from the heap once it has seen them freed: 1000 updates of a model of under a megabyte
/// left 12 MB more than the same with every block of 256 kB and more mapped on its own. What is fast here does not allocate.
/// </summary>
internal static partial class NativeHeap
{
    // M_ARENA_MAX and M_MMAP_THRESHOLD of mallopt(3).
    private const int ArenaMax = -8;
    private const int MapThreshold = -3;

    private const int MappedBytes = 256 * 1024;

    /// <summary>Call it first thing: arenas that exist stay.</summary>
    public static void KeepSmall()
    {
        try
        {
            _ = SetOption(ArenaMax, 1);
            _ = SetOption(MapThreshold, MappedBytes);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library (musl) has one heap anyway.
        }
    }

    /// <summary>Gives free memory in the middle of the heap back to the system, which it does by itself only at its end. Takes milliseconds.</summary>
    public static void Trim()
    {
        try
        {
            _ = TrimHeap(0);
        }
        catch (EntryPointNotFoundException)
        {
            // As above.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);

    /// <summary>malloc_trim(3).</summary>
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimHeap(nuint pad);
}
