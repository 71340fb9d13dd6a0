using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CvOps.Contracts.Packages.Chunks;

/// <summary>
/// Content-defined chunking: FastCDC (Xia et al., USENIX ATC 2016) with its gear hash, the skip of the least length and normalised chunking. Cuts
/// follow the bytes and not their offsets, so two files that share a part share its chunks, wherever it lies. Pure; where it cuts is frozen by a
/// test, since a device must cut as the fleet did.
/// </summary>
public static class ChunkCutter
{
    /// <summary>Averages a chunk list may name, both powers of two.</summary>
    public const int LeastAverage = 1024;

    /// <inheritdoc cref="LeastAverage"/>
    public const int LargestAverage = 64 * 1024;

    /// <summary>A list of about this many chunks is small beside its package and cuts it finely enough.</summary>
    private const int ChunksWanted = 2048;

    /// <summary>
    /// Level 1 of normalised chunking: the masks have one bit more before the average length and one fewer behind it. The paper's level 2 makes lengths
    /// more even, and after a change it took several chunks more until the cuts were the old ones again; here a change is what counts.
    /// </summary>
    private const int Normalisation = 1;

    private static readonly ulong[] Gear = MakeGear();

    /// <summary>The average length for a package of that size: a power of two in <see cref="LeastAverage"/>..<see cref="LargestAverage"/>.</summary>
    public static int AverageFor(long bytes) => (int)Math.Clamp((long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(1, bytes / ChunksWanted)), LeastAverage, LargestAverage);

    public static bool IsAverage(int average) => average is >= LeastAverage and <= LargestAverage && BitOperations.IsPow2(average);

    /// <summary>Least length of a chunk that is not the last.</summary>
    public static int LeastOf(int average) => average / 4;

    /// <summary>No chunk is longer.</summary>
    public static int MostOf(int average) => average * 4;

    /// <param name="bytes">From the last cut on: at least <see cref="MostOf"/> of them, or all that are left.</param>
    /// <param name="average">One that <see cref="IsAverage"/>.</param>
    /// <returns>Length of the chunk they begin with.</returns>
    public static int Cut(ReadOnlySpan<byte> bytes, int average)
    {
        var least = LeastOf(average);
        if (bytes.Length <= least) return bytes.Length;
        var bits = BitOperations.Log2((uint)average);
        // The high bits of the hash have seen the last 47 bytes and more; the low ones only the last few.
        var hard = ulong.MaxValue << (64 - bits - Normalisation);
        var easy = ulong.MaxValue << (64 - bits + Normalisation);
        var most = Math.Min(bytes.Length, MostOf(average));
        var normal = Math.Min(most, average);
        ref var gear = ref MemoryMarshal.GetArrayDataReference(Gear);
        ref var first = ref MemoryMarshal.GetReference(bytes);
        var hash = 0UL;
        var at = least;
        for (; at < normal; at++)
        {
            hash = (hash << 1) + Unsafe.Add(ref gear, Unsafe.Add(ref first, at));
            if ((hash & hard) == 0) return at + 1;
        }
        for (; at < most; at++)
        {
            hash = (hash << 1) + Unsafe.Add(ref gear, Unsafe.Add(ref first, at));
            if ((hash & easy) == 0) return at + 1;
        }
        return most;
    }

    /// <summary>256 random numbers that are the same everywhere: SplitMix64 (Steele et al., OOPSLA 2014) from zero.</summary>
    private static ulong[] MakeGear()
    {
        var gear = new ulong[256];
        var state = 0UL;
        for (var i = 0; i < gear.Length; i++)
        {
            state += 0x9E3779B97F4A7C15;
            var z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            gear[i] = z ^ (z >> 31);
        }
        return gear;
    }
}
