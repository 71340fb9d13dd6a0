using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision;

public sealed class PictureFileTests
{
    [Theory]
    [InlineData(64, 48)]
    [InlineData(63, 47)]
    public void A_png_gives_back_every_byte_to_another_reader(int width, int height)
    {
        var bgr = VisionData.Bgr(width, height);
        var png = PngWriter.Encode(new PictureView(bgr, width, height, PixelFormat.Bgr24));
        Assert.Equal(bgr, VisionData.Run("ffmpeg", ["-v", "error", "-f", "png_pipe", "-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "bgr24", "pipe:1"], png));
    }

    [Theory]
    [InlineData(PixelFormat.I420)]
    [InlineData(PixelFormat.Nv12)]
    [InlineData(PixelFormat.Nv12, YuvMatrix.Bt601, YuvRange.Full)]
    [InlineData(PixelFormat.I420, YuvMatrix.Bt709)]
    [InlineData(PixelFormat.Nv12, YuvMatrix.Bt709, YuvRange.Full)]
    [InlineData(PixelFormat.Grey8)]
    [InlineData(PixelFormat.Bgr24)]
    public void A_jpeg_has_the_colours_and_range_of_the_picture(PixelFormat format, YuvMatrix matrix = YuvMatrix.Bt601, YuvRange range = YuvRange.Limited)
    {
        var pixels = new byte[PictureView.SizeOf(63, 47, format)];
        // A flat picture: what differs afterwards is colour and range, not compression.
        if (format == PixelFormat.Bgr24) for (var i = 0; i < pixels.Length; i += 3) (pixels[i], pixels[i + 1], pixels[i + 2]) = (30, 90, 200);
        else pixels.AsSpan().Fill(100);
        var picture = new PictureView(pixels, 63, 47, format, new YuvColour(matrix, range));
        var expected = new byte[3 * 63 * 47];
        PictureRows.ToBgr(picture, expected);
        var decoded = JpegCodec.Decode(JpegCodec.Encode(picture, 95));
        Assert.Equal((63, 47), (decoded.Width, decoded.Height));
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], decoded.Bgr[i], 4.0);
    }

    [Fact]
    public void Damaged_jpegs_are_refused_and_harm_nothing()
    {
        Assert.StartsWith("Not a JPEG file", Assert.Throws<PictureException>(() => JpegCodec.Decode("hello"u8)).Message, StringComparison.Ordinal);
        var jpeg = JpegCodec.Encode(new PictureView(VisionData.Bgr(64, 48), 64, 48, PixelFormat.Bgr24));
        Assert.Throws<PictureException>(() => JpegCodec.Decode(jpeg.AsSpan(0, jpeg.Length / 2)));
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var altered = jpeg.ToArray();
            for (var i = 0; i < 8; i++) altered[random.Next(2, altered.Length)] = (byte)random.Next(256);
            try
            {
                var decoded = JpegCodec.Decode(altered);
                Assert.Equal(decoded.Width * decoded.Height * 3, decoded.Bgr.Length);
            }
            catch (PictureException)
            {
                // Refused: fine.
            }
        }
    }

    [Theory]
    [InlineData(64, 48)]
    [InlineData(5, 4)]
    [InlineData(1500, 900)]
    public void Statistics_are_those_of_the_definition(int width, int height)
    {
        var grey = new byte[width * height];
        for (var i = 0; i < grey.Length; i++) grey[i] = (byte)(128 + 90 * Math.Sin(i % width * 0.3) * Math.Cos(i / width * 0.2));
        var found = FrameStatistics.Measure(new PictureView(grey, width, height, PixelFormat.Grey8));
        var mean = grey.Average(v => (double)v);
        List<double> edges = [];
        for (var y = 1; y < height - 1; y++)
            for (var x = 1; x < width - 1; x++)
                edges.Add(grey[(y - 1) * width + x] + grey[(y + 1) * width + x] + grey[y * width + x - 1] + grey[y * width + x + 1] - 4.0 * grey[y * width + x]);
        var edgeMean = edges.Average();
        // Above 64 thousand pixels every few rows are measured.
        var tolerance = width * height > 1_000_000 ? 0.5 : 1e-9;
        Assert.Equal(mean, found.Brightness, tolerance);
        Assert.Equal(Math.Sqrt(grey.Average(v => (v - mean) * (v - mean))), found.Contrast, tolerance);
        Assert.Equal(Math.Log10(1 + edges.Average(e => (e - edgeMean) * (e - edgeMean))), found.Sharpness, tolerance / 10);
    }
}
