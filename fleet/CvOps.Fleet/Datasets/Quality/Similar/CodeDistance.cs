using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CvOps.Fleet.Datasets.Quality.Similar;

/// <summary>Squared Euclidean distances of codes of <see cref="SimilarityIndex.CodeBytes"/> signed bytes; exact, on any processor the same.</summary>
internal static class CodeDistance
{
    private const int Bytes = SimilarityIndex.CodeBytes;

    /// <summary>One pair, number by number.</summary>
    public static int Plain(ReadOnlySpan<sbyte> one, ReadOnlySpan<sbyte> other)
    {
        var sum = 0;
        for (var i = 0; i < Bytes; i++)
        {
            var difference = one[i] - other[i];
            sum += difference * difference;
        }
        return sum;
    }

    /// <summary>Offers each of the codes to the list.</summary>
    /// <param name="codes">One after the other.</param>
    /// <param name="rows">Of each.</param>
    public static void Scan(ReadOnlySpan<sbyte> codes, ReadOnlySpan<long> rows, ReadOnlySpan<sbyte> query, NearestList nearest)
    {
        ref var code = ref MemoryMarshal.GetReference(codes[..(rows.Length * Bytes)]);
        ref var asked = ref MemoryMarshal.GetReference(query[..Bytes]);
        // A difference of two signed bytes needs nine bits: they are widened first, the query once.
        var (q0, q1) = Vector256.Widen(Vector256.LoadUnsafe(ref asked));
        var (q2, q3) = Vector256.Widen(Vector256.LoadUnsafe(ref asked, (nuint)Vector256<sbyte>.Count));
        var furthest = nearest.Furthest;
        for (var i = 0; i < rows.Length; i++, code = ref Unsafe.Add(ref code, Bytes))
        {
            var (v0, v1) = Vector256.Widen(Vector256.LoadUnsafe(ref code));
            var (v2, v3) = Vector256.Widen(Vector256.LoadUnsafe(ref code, (nuint)Vector256<sbyte>.Count));
            var sums = Squares(v0 - q0) + Squares(v1 - q1) + (Squares(v2 - q2) + Squares(v3 - q3));
            var distance = Vector256.Sum(sums);
            if (distance > furthest) continue;
            nearest.Offer(new Neighbour(rows[i], distance));
            furthest = nearest.Furthest;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Squares(Vector256<short> values)
    {
        if (Avx2.IsSupported) return Avx2.MultiplyAddAdjacent(values, values);
        var (low, high) = Vector256.Widen(values);
        return low * low + high * high;
    }
}
