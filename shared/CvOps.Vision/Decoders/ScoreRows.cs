using System.Numerics;
using System.Runtime.InteropServices;

namespace CvOps.Vision.Decoders;

/// <summary>
/// Class scores as models with anchors in columns give them, [classes, anchors]: the best of each anchor, block by block. A block's columns
/// stay in the second-level cache, so that looking again for the few anchors over the threshold costs little.
/// </summary>
internal static class ScoreRows
{
    /// <summary>Anchors at a time.</summary>
    public const int Block = 512;

    /// <summary>The largest of each column.</summary>
    /// <param name="rows">All rows of a picture.</param>
    /// <param name="stride">Numbers a row.</param>
    /// <param name="start">First column.</param>
    /// <param name="largest">As many columns as it is long.</param>
    public static void Largest(ReadOnlySpan<float> rows, int stride, int start, Span<float> largest)
    {
        rows.Slice(start, largest.Length).CopyTo(largest);
        var row = stride;
        // Four rows at a time, so that the running maximum is loaded and stored a quarter as often.
        for (; row + 4 * stride <= rows.Length; row += 4 * stride)
        {
            var a = rows.Slice(row + start, largest.Length);
            var b = rows.Slice(row + stride + start, largest.Length);
            var c = rows.Slice(row + 2 * stride + start, largest.Length);
            var d = rows.Slice(row + 3 * stride + start, largest.Length);
            var i = 0;
            for (; i + Vector<float>.Count <= largest.Length; i += Vector<float>.Count)
            {
                var ab = Vector.Max(Load(a, i), Load(b, i));
                var cd = Vector.Max(Load(c, i), Load(d, i));
                Vector.Max(Load(largest, i), Vector.Max(ab, cd)).CopyTo(largest[i..]);
            }
            for (; i < largest.Length; i++) largest[i] = Math.Max(largest[i], Math.Max(Math.Max(a[i], b[i]), Math.Max(c[i], d[i])));
        }
        for (; row < rows.Length; row += stride)
        {
            var a = rows.Slice(row + start, largest.Length);
            for (var i = 0; i < a.Length; i++) largest[i] = Math.Max(largest[i], a[i]);
        }
    }

    /// <summary>The first place from <paramref name="from"/> on that holds at least <paramref name="threshold"/>; -1 when there is none.</summary>
    public static int Next(ReadOnlySpan<float> values, int from, float threshold)
    {
        var least = new Vector<float>(threshold);
        var i = from;
        for (; i + Vector<float>.Count <= values.Length; i += Vector<float>.Count)
        {
            if (Vector.GreaterThanOrEqualAny(Load(values, i), least)) break;
        }
        for (; i < values.Length; i++)
        {
            if (values[i] >= threshold) return i;
        }
        return -1;
    }

    /// <summary>The first row that holds a column's largest value.</summary>
    public static int RowOf(ReadOnlySpan<float> rows, int stride, int column, float largest)
    {
        var row = 0;
        for (var at = column; rows[at] != largest; at += stride) row++;
        return row;
    }

    private static Vector<float> Load(ReadOnlySpan<float> values, int at) => Vector.LoadUnsafe(ref MemoryMarshal.GetReference(values), (nuint)at);
}
