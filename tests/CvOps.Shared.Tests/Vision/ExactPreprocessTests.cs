using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision;

/// <summary>Tensors against <see cref="ExactPicture"/>, in pixel values: 1 is the 1/255 that is allowed.</summary>
public sealed class ExactPreprocessTests
{
    private static InputSpec Spec(int width, int height, ResizeMode resize, ChannelOrder channels = ChannelOrder.Bgr) =>
        new() { Name = "x", Width = width, Height = height, Resize = resize, Channels = channels, Std = [1, 1, 1] };

    [Theory]
    [InlineData(64, 48, 17, 31)]
    [InlineData(7, 5, 40, 33)]
    [InlineData(1, 1, 8, 8)]
    [InlineData(1, 40, 9, 9)]
    [InlineData(40, 1, 9, 9)]
    [InlineData(2, 2, 1, 1)]
    [InlineData(33, 33, 33, 33)]
    [InlineData(192, 108, 64, 36)]
    [InlineData(160, 90, 64, 64)]
    [InlineData(161, 91, 64, 64)]
    [InlineData(137, 77, 64, 64)]
    [InlineData(640, 360, 224, 224)]
    [InlineData(901, 43, 100, 20)]
    public void Every_format_and_fit_is_exact_to_one_step_in_255(int width, int height, int toWidth, int toHeight)
    {
        foreach (var format in Enum.GetValues<PixelFormat>())
        {
            var pixels = Noise(width, height, format);
            var exact = Exact(pixels, width, height, format, default);
            foreach (var resize in Enum.GetValues<ResizeMode>())
            {
                var allowed = format is PixelFormat.I420 or PixelFormat.Nv12 ? 0.6 : 1;
                Check(Spec(toWidth, toHeight, resize), pixels, width, height, format, default, exact, allowed);
            }
        }
    }

    [Theory]
    [InlineData(YuvMatrix.Bt601, YuvRange.Limited)]
    [InlineData(YuvMatrix.Bt601, YuvRange.Full)]
    [InlineData(YuvMatrix.Bt709, YuvRange.Limited)]
    [InlineData(YuvMatrix.Bt709, YuvRange.Full)]
    public void Every_matrix_and_range_is_exact(YuvMatrix matrix, YuvRange range)
    {
        var colour = new YuvColour(matrix, range);
        foreach (var format in (PixelFormat[])[PixelFormat.I420, PixelFormat.Nv12])
        {
            var pixels = Noise(123, 77, format);
            Check(Spec(48, 48, ResizeMode.LetterboxCentre), pixels, 123, 77, format, colour, Exact(pixels, 123, 77, format, colour), 0.6);
        }
    }

    [Theory]
    [InlineData(PixelFormat.I420, 0.1)]
    [InlineData(PixelFormat.Nv12, 0.1)]
    [InlineData(PixelFormat.Grey8, 1.0)]
    // Weighted to whole grey values first, as OpenCV does: half a step more.
    [InlineData(PixelFormat.Bgr24, 1.5)]
    public void Grey_models_see_the_pictures_luma(PixelFormat format, double allowed)
    {
        const int width = 123, height = 77;
        var pixels = Noise(width, height, format);
        var colour = Exact(pixels, width, height, format, default);
        var luma = new ExactPicture(width, height, (x, y) =>
        {
            var light = pixels[y * width + x];
            var bgr = colour.At(x + 0.5, y + 0.5);
            var grey = format switch
            {
                PixelFormat.Bgr24 => 0.114 * bgr[0] + 0.587 * bgr[1] + 0.299 * bgr[2],
                PixelFormat.Grey8 => light,
                _ => Math.Clamp((light - 16) * 255 / 219.0, 0, 255),
            };
            return [grey, grey, grey];
        });
        Check(Spec(50, 40, ResizeMode.Stretch, ChannelOrder.Grey), pixels, width, height, format, default, luma, allowed);
    }

    [Theory]
    [InlineData(PixelFormat.Bgr24)]
    [InlineData(PixelFormat.Grey8)]
    [InlineData(PixelFormat.Nv12)]
    public void Pictures_of_16k_are_as_exact(PixelFormat format)
    {
        foreach (var (width, height) in ((int, int)[])[(16_384, 3), (3, 16_384), (16_383, 2)])
        {
            var pixels = Noise(width, height, format);
            var exact = Exact(pixels, width, height, format, default);
            Check(Spec(64, 64, ResizeMode.Stretch), pixels, width, height, format, default, exact, 1);
            Check(Spec(64, 64, ResizeMode.LetterboxCentre), pixels, width, height, format, default, exact, 1);
        }
    }

    internal static byte[] Noise(int width, int height, PixelFormat format)
    {
        var pixels = new byte[PictureView.SizeOf(width, height, format)];
        new Random(width * 31 + height).NextBytes(pixels);
        return pixels;
    }

    internal static ExactPicture Exact(byte[] pixels, int width, int height, PixelFormat format, YuvColour colour)
    {
        var (kr, kb) = colour.Matrix == YuvMatrix.Bt709 ? (0.2126, 0.0722) : (0.299, 0.114);
        return format switch
        {
            PixelFormat.Bgr24 => ExactPicture.Bgr(pixels, width, height),
            PixelFormat.Grey8 => ExactPicture.Grey(pixels, width, height),
            _ => ExactPicture.Yuv(pixels, width, height, format == PixelFormat.Nv12, kr, kb, colour.Range == YuvRange.Full),
        };
    }

    private static void Check(InputSpec spec, byte[] pixels, int width, int height, PixelFormat format, YuvColour colour, ExactPicture exact, double allowed)
    {
        var tensor = new float[3 * spec.Width * spec.Height];
        PreprocessPlan.Create(spec, width, height, format, colour).Fill(new PictureView(pixels, width, height, format, colour), tensor);
        var (scaledWidth, scaledHeight) = Scaled(spec, width, height);
        var (left, top) = spec.Resize switch
        {
            ResizeMode.LetterboxCentre => ((spec.Width - scaledWidth) / 2, (spec.Height - scaledHeight) / 2),
            ResizeMode.CentreCrop => (-((scaledWidth - spec.Width) / 2), -((scaledHeight - spec.Height) / 2)),
            _ => (0, 0),
        };
        var worst = (Off: 0.0, Where: "");
        for (var y = 0; y < spec.Height; y++)
        {
            for (var x = 0; x < spec.Width; x++)
            {
                var (column, row) = (x - left, y - top);
                var inside = column >= 0 && column < scaledWidth && row >= 0 && row < scaledHeight;
                var expected = inside ? exact.At((column + 0.5) * width / scaledWidth, (row + 0.5) * height / scaledHeight) : [114, 114, 114];
                for (var channel = 0; channel < 3; channel++)
                {
                    var found = tensor[(channel * spec.Height + y) * spec.Width + x];
                    var off = Math.Abs(expected[channel] - found);
                    if (!(off <= worst.Off)) worst = (off, $"({x}, {y}) of channel {channel}: {found}, exactly {expected[channel]}");
                }
            }
        }
        Assert.True(worst.Off <= allowed, $"{format} {width}x{height} {spec.Resize} {spec.Channels} to {spec.Width}x{spec.Height}: {worst.Where}");
    }

    private static (int Width, int Height) Scaled(InputSpec spec, int width, int height)
    {
        if (spec.Resize == ResizeMode.Stretch) return (spec.Width, spec.Height);
        var scale = spec.Resize == ResizeMode.CentreCrop
            ? Math.Max(spec.Width, spec.Height) / (double)Math.Min(width, height)
            : Math.Min(spec.Width / (double)width, spec.Height / (double)height);
        return (Math.Max(1, (int)Math.Round(width * scale)), Math.Max(1, (int)Math.Round(height * scale)));
    }
}
