using System.Buffers;
using System.Numerics;

namespace CvOps.Vision;

/// <summary>What a picture is like, whatever is on it.</summary>
/// <param name="Brightness">Mean of full-range luma, 0..255.</param>
/// <param name="Contrast">Standard deviation of full-range luma, 0..127.5.</param>
/// <param name="Sharpness">log10(1 + variance of the 4-neighbour Laplacian of full-range luma), over the pixels that have four neighbours; 0 when none has.</param>
public readonly record struct FrameStatistics(double Brightness, double Contrast, double Sharpness)
{
    // Above this many pixels every second, third... row is measured (with its neighbours), always the same ones.
    private const int MeasuredPixels = 512 * 1024;

    /// <summary>Measures a picture; of pictures above half a million pixels evenly spaced rows.</summary>
    public static FrameStatistics Measure(PictureView picture)
    {
        var width = picture.Width;
        var step = (int)Math.Max(1, (long)width * picture.Height / MeasuredPixels);
        var limited = picture.Format is PixelFormat.I420 or PixelFormat.Nv12;
        var bgr = picture.Format == PixelFormat.Bgr24;
        var rented = bgr ? ArrayPool<byte>.Shared.Rent(3 * width) : null;
        try
        {
            long sum = 0, squares = 0, count = 0, edges = 0, edgeSquares = 0, edgeCount = 0;
            for (var y = 0; y < picture.Height; y += step)
            {
                var inner = y > 0 && y < picture.Height - 1 && width > 2;
                var above = inner ? Row(picture, y - 1, rented, 0) : default;
                var row = Row(picture, y, rented, 1);
                var below = inner ? Row(picture, y + 1, rented, 2) : default;
                Sum(row, ref sum, ref squares);
                count += width;
                if (!inner) continue;
                Laplacian(above, row, below, ref edges, ref edgeSquares);
                edgeCount += width - 2;
            }
            var mean = sum / (double)count;
            var deviation = Math.Sqrt(Math.Max(0, squares / (double)count - mean * mean));
            var edgeMean = edgeCount == 0 ? 0 : edges / (double)edgeCount;
            var edgeVariance = edgeCount == 0 ? 0 : Math.Max(0, edgeSquares / (double)edgeCount - edgeMean * edgeMean);
            if (!limited) return new(mean, deviation, Math.Log10(1 + edgeVariance));
            // Limited-range luma: the same linear stretch that makes it full range, applied to the moments.
            const double gain = 255.0 / 219;
            return new(Math.Clamp((mean - 16) * gain, 0, 255), Math.Min(127.5, deviation * gain), Math.Log10(1 + edgeVariance * gain * gain));
        }
        finally
        {
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static ReadOnlySpan<byte> Row(PictureView picture, int y, byte[]? rented, int slot)
    {
        if (rented is null) return picture.Data.Slice(picture.Width * y, picture.Width);
        var row = rented.AsSpan(slot * picture.Width, picture.Width);
        PictureRows.ToGrey(picture, y, row);
        return row;
    }

    private static void Sum(ReadOnlySpan<byte> row, ref long sum, ref long squares)
    {
        var x = 0;
        var sums = Vector<uint>.Zero;
        var squareSums = Vector<uint>.Zero;
        // A row is at most 2^29 pixels, but 2^16 squares fill 32 bits: lanes are emptied in time.
        for (var emptied = 0; x + Vector<byte>.Count <= row.Length; x += Vector<byte>.Count)
        {
            Vector.Widen(new Vector<byte>(row[x..]), out var low, out var high);
            Vector.Widen(low + high, out var a, out var b);
            sums += a + b;
            // 255 squared fits 16 bits unsigned.
            Vector.Widen(low * low, out var c, out var d);
            Vector.Widen(high * high, out var e, out var f);
            squareSums += c + d + e + f;
            if (++emptied < 8192) continue;
            emptied = 0;
            sum += Vector.Sum(sums);
            Drain(ref squares, squareSums);
            sums = squareSums = Vector<uint>.Zero;
        }
        Drain(ref sum, sums);
        Drain(ref squares, squareSums);
        for (; x < row.Length; x++)
        {
            sum += row[x];
            squares += row[x] * row[x];
        }
    }

    private static void Laplacian(ReadOnlySpan<byte> above, ReadOnlySpan<byte> row, ReadOnlySpan<byte> below, ref long sum, ref long squares)
    {
        var x = 1;
        for (; x + Vector<byte>.Count < row.Length; x += Vector<byte>.Count)
        {
            Vector.Widen(new Vector<byte>(above[x..]), out var a0, out var a1);
            Vector.Widen(new Vector<byte>(below[x..]), out var b0, out var b1);
            Vector.Widen(new Vector<byte>(row[(x - 1)..]), out var l0, out var l1);
            Vector.Widen(new Vector<byte>(row[(x + 1)..]), out var r0, out var r1);
            Vector.Widen(new Vector<byte>(row[x..]), out var m0, out var m1);
            Add(Vector.AsVectorInt16(a0 + b0 + l0 + r0) - Vector.AsVectorInt16(m0) * 4, ref sum, ref squares);
            Add(Vector.AsVectorInt16(a1 + b1 + l1 + r1) - Vector.AsVectorInt16(m1) * 4, ref sum, ref squares);
        }
        for (; x < row.Length - 1; x++)
        {
            var edge = above[x] + below[x] + row[x - 1] + row[x + 1] - 4 * row[x];
            sum += edge;
            squares += edge * edge;
        }
    }

    private static void Add(Vector<short> edges, ref long sum, ref long squares)
    {
        Vector.Widen(edges, out var low, out var high);
        sum += Vector.Sum(low + high);
        squares += Vector.Sum(low * low + high * high);
    }

    private static void Drain(ref long total, Vector<uint> lanes)
    {
        for (var i = 0; i < Vector<uint>.Count; i++) total += lanes[i];
    }
}
