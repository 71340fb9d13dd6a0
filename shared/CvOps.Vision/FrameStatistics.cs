using System.Buffers;
using CvOps.Vision.Preprocessing;

namespace CvOps.Vision;

/// <summary>
/// What a picture is like, whatever is on it. The units are those of <see cref="Contracts.Packages.Covariates"/>; NaN for what was not measured, and
/// drift counts that nowhere.
/// </summary>
/// <param name="Brightness">Mean of full-range luma, 0..255.</param>
/// <param name="Contrast">Standard deviation of full-range luma, 0..127.5.</param>
/// <param name="Sharpness">log10(1 + variance of the 4-neighbour Laplacian of full-range luma), over the pixels that have four neighbours; 0 when none has.</param>
public readonly record struct FrameStatistics(double Brightness, double Contrast, double Sharpness)
{
    // Above this many pixels every second, third... row is measured (with its neighbours), always the same ones.
    private const int MeasuredPixels = 64 * 1024;

    // Less than what rounding to whole grey levels alone gives a picture of anything.
    private const double ConstantContrast = 0.25;

    /// <summary>Mean Cb less 128 of full-range chroma; 0 for grey.</summary>
    public double BlueCast { get; init; } = double.NaN;

    /// <summary>Mean Cr less 128 of full-range chroma; 0 for grey.</summary>
    public double RedCast { get; init; } = double.NaN;

    /// <summary>Root mean square distance of full-range Cb, Cr from grey.</summary>
    public double Saturation { get; init; } = double.NaN;

    /// <summary>Standard deviation of the noise, grey levels (Immerkaer 1996); NaN for pictures below 3x3 pixels.</summary>
    public double Noise { get; init; } = double.NaN;

    /// <summary>Fraction of pixels within two levels of black.</summary>
    public double ClippedBlack { get; init; } = double.NaN;

    /// <summary>Fraction of pixels within two levels of white.</summary>
    public double ClippedWhite { get; init; } = double.NaN;

    /// <summary>False for a constant picture, as of a dead sensor or a covered lens, and for numbers that are not finite: drift counts it apart.</summary>
    public bool IsUsable => double.IsFinite(Brightness) && double.IsFinite(Sharpness) && Contrast >= ConstantContrast && Contrast < double.PositiveInfinity;

    /// <summary>Measures a picture; of pictures above 64 thousand pixels evenly spaced rows.</summary>
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
            var ends = new ClippedPixels(limited);
            var chroma = new ChromaMoments();
            long count = 0, edgeCount = 0;
            for (var y = 0; y < picture.Height; y += step)
            {
                var row = Row(picture, y, rented, converted);
                count += width;
                ends.Add(row);
                chroma.Add(picture, y);
                if (y == 0 || y == picture.Height - 1 || width <= 2)
                {
                    moments.Add(row);
                    continue;
                }
                moments.Add(Row(picture, y - 1, rented, converted), row, Row(picture, y + 1, rented, converted));
                edgeCount += width - 2;
            }
            // Limited-range luma: the same linear stretch that makes it full range, applied to the moments.
            var gain = limited ? 255.0 / 219 : 1;
            var mean = moments.Sum / (double)count;
            var deviation = Math.Sqrt(Math.Max(0, moments.Squares / (double)count - mean * mean));
            var edgeMean = edgeCount == 0 ? 0 : moments.Edges / (double)edgeCount;
            var edgeVariance = edgeCount == 0 ? 0 : Math.Max(0, moments.EdgeSquares / (double)edgeCount - edgeMean * edgeMean);
            return new(limited ? Math.Clamp((mean - 16) * gain, 0, 255) : mean, Math.Min(127.5, deviation * gain), Math.Log10(1 + edgeVariance * gain * gain))
            {
                BlueCast = chroma.BlueCast(limited), RedCast = chroma.RedCast(limited), Saturation = chroma.Saturation(limited),
                // The mean of |N| is sigma times 6 sqrt(2 / pi) for the mask's weights.
                Noise = edgeCount == 0 ? double.NaN : Math.Sqrt(Math.PI / 2) / 6 * moments.Noise / edgeCount * gain,
                ClippedBlack = ends.Black / (double)count, ClippedWhite = ends.White / (double)count,
            };
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
