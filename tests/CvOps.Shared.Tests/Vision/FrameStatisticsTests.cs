using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision;

public sealed class FrameStatisticsTests
{
    private const int Width = 200;
    private const int Height = 120;

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void Noise_is_measured_in_grey_levels_and_edges_are_not_taken_for_it(double sigma)
    {
        var chance = new Random(7);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
        // Ramps and one straight edge.
        byte[] Drawn(double noise) => [.. Enumerable.Range(0, Width * Height).Select(i => (byte)Math.Round(60 + i % Width * 0.2 + i / Width * 0.3 + (i % Width > 100 ? 60 : 0) + noise * Normal()))];
        Assert.InRange(FrameStatistics.Measure(new PictureView(Drawn(0), Width, Height, PixelFormat.Grey8)).Noise, 0, 0.6);
        Assert.InRange(FrameStatistics.Measure(new PictureView(Drawn(sigma), Width, Height, PixelFormat.Grey8)).Noise, sigma * 0.9, sigma * 1.15);
    }

    [Theory]
    [InlineData(PixelFormat.I420)]
    [InlineData(PixelFormat.Nv12)]
    public void A_colour_is_the_same_cast_in_every_format(PixelFormat format)
    {
        // Limited-range chroma of 110 and 145, with a stripe so that the picture is not constant.
        var yuv = new byte[PictureView.SizeOf(Width, Height, format)];
        for (var i = 0; i < Width * Height; i++) yuv[i] = (byte)(i % Width < 20 ? 90 : 120);
        var chroma = yuv.AsSpan(Width * Height);
        for (var i = 0; i < chroma.Length; i++) chroma[i] = (byte)(format == PixelFormat.Nv12 ? i % 2 == 0 ? 110 : 145 : i < chroma.Length / 2 ? 110 : 145);
        var picture = new PictureView(yuv, Width, Height, format);
        var bgr = new byte[3 * Width * Height];
        PictureRows.ToBgr(picture, bgr);
        var (native, converted) = (FrameStatistics.Measure(picture), FrameStatistics.Measure(new PictureView(bgr, Width, Height, PixelFormat.Bgr24)));
        Assert.Equal(-18 * 255.0 / 224, native.BlueCast, 1e-9);
        Assert.Equal(17 * 255.0 / 224, native.RedCast, 1e-9);
        Assert.Equal(Math.Sqrt(18 * 18 + 17 * 17) * 255 / 224, native.Saturation, 1e-9);
        Assert.Equal(native.BlueCast, converted.BlueCast, 1.0);
        Assert.Equal(native.RedCast, converted.RedCast, 1.0);
        Assert.Equal(native.Saturation, converted.Saturation, 1.0);
    }

    [Fact]
    public void Both_ends_of_luma_are_counted_in_full_and_in_limited_range()
    {
        var grey = new byte[Width * Height];
        grey.AsSpan(0, Width * Height / 2).Fill(255);
        grey.AsSpan(Width * Height / 2, Width * 6).Fill(128);
        var full = FrameStatistics.Measure(new PictureView(grey, Width, Height, PixelFormat.Grey8));
        Assert.Equal((0.5, 0.45), (full.ClippedWhite, Math.Round(full.ClippedBlack, 9)));

        var yuv = new byte[PictureView.SizeOf(Width, Height, PixelFormat.I420)];
        yuv.AsSpan().Fill(128);
        yuv.AsSpan(0, Width * 12).Fill(16);
        yuv.AsSpan(Width * 12, Width * 24).Fill(235);
        var limited = FrameStatistics.Measure(new PictureView(yuv, Width, Height, PixelFormat.I420));
        Assert.Equal((0.1, 0.2), (Math.Round(limited.ClippedBlack, 9), Math.Round(limited.ClippedWhite, 9)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(128)]
    [InlineData(255)]
    public void A_constant_picture_is_no_picture_to_count(byte grey)
    {
        var pixels = new byte[Width * Height];
        pixels.AsSpan().Fill(grey);
        Assert.False(FrameStatistics.Measure(new PictureView(pixels, Width, Height, PixelFormat.Grey8)).IsUsable);
        for (var i = 0; i < Width * Height; i += 7) pixels[i] = (byte)(grey ^ 2);
        Assert.True(FrameStatistics.Measure(new PictureView(pixels, Width, Height, PixelFormat.Grey8)).IsUsable);
        Assert.False(new FrameStatistics(double.NaN, 1, 1).IsUsable);
        Assert.False(new FrameStatistics(1, double.PositiveInfinity, 1).IsUsable);
        Assert.False(default(FrameStatistics).IsUsable);
    }

    [Fact]
    public void A_picture_without_a_pixel_that_has_neighbours_has_no_noise()
    {
        var statistics = FrameStatistics.Measure(new PictureView([10, 200], 2, 1, PixelFormat.Grey8));
        Assert.Equal((double.NaN, 0, true), (statistics.Noise, statistics.Sharpness, statistics.IsUsable));
    }
}
