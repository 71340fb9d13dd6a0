using System.Buffers;
using CvOps.Vision.Preprocessing;

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
        var limited = picture.Format is PixelFormat.I420 or PixelFormat.Nv12 && picture.Colour.Range == YuvRange.Limited;
        var bgr = picture.Format == PixelFormat.Bgr24;
        // Three rows of grey, and which they are.
        Span<int> converted = [-1, -1, -1];
        var rented = bgr ? ArrayPool<byte>.Shared.Rent(3 * width) : null;
        try
        {
            var moments = new LumaMoments();
            long count = 0, edgeCount = 0;
            for (var y = 0; y < picture.Height; y += step)
            {
                var row = Row(picture, y, rented, converted);
                count += width;
                if (y == 0 || y == picture.Height - 1 || width <= 2)
                {
                    moments.Add(row);
                    continue;
                }
                moments.Add(Row(picture, y - 1, rented, converted), row, Row(picture, y + 1, rented, converted));
                edgeCount += width - 2;
            }
            var mean = moments.Sum / (double)count;
            var deviation = Math.Sqrt(Math.Max(0, moments.Squares / (double)count - mean * mean));
            var edgeMean = edgeCount == 0 ? 0 : moments.Edges / (double)edgeCount;
            var edgeVariance = edgeCount == 0 ? 0 : Math.Max(0, moments.EdgeSquares / (double)edgeCount - edgeMean * edgeMean);
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

    private static ReadOnlySpan<byte> Row(PictureView picture, int y, byte[]? rented, Span<int> converted)
    {
        if (rented is null) return picture.Data.Slice(picture.Width * y, picture.Width);
        var row = rented.AsSpan(y % 3 * picture.Width, picture.Width);
        if (converted[y % 3] == y) return row;
        PictureRows.ToGrey(picture, y, row);
        converted[y % 3] = y;
        return row;
    }
}
