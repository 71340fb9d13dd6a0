using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision;

public sealed class PreprocessPlanTests
{
    private static InputSpec Spec(int width, int height, ResizeMode resize = ResizeMode.Stretch) =>
        new() { Name = "x", Width = width, Height = height, Resize = resize, Channels = ChannelOrder.Bgr, Std = [1, 1, 1] };

    [Theory]
    [InlineData(16, 128, 128, 0, 0, 0)]
    [InlineData(235, 128, 128, 255, 255, 255)]
    [InlineData(82, 90, 240, 0, 0, 255)]
    [InlineData(145, 54, 34, 0, 255, 0)]
    [InlineData(41, 240, 110, 255, 0, 0)]
    public void Colours_follow_bt601_limited_range(byte y, byte u, byte v, int blue, int green, int red)
    {
        var i420 = new byte[18 * 2 + 2 * 9];
        i420.AsSpan(0, 36).Fill(y);
        i420.AsSpan(36, 9).Fill(u);
        i420.AsSpan(45, 9).Fill(v);
        var bgr = new byte[3 * 36];
        PictureRows.ToBgr(new PictureView(i420, 18, 2, PixelFormat.I420), bgr);
        for (var pixel = 0; pixel < 36; pixel++)
        {
            Assert.Equal(blue, bgr[3 * pixel], 2.0);
            Assert.Equal(green, bgr[3 * pixel + 1], 2.0);
            Assert.Equal(red, bgr[3 * pixel + 2], 2.0);
        }
    }

    [Fact]
    public void Colours_are_those_of_ffmpegs_own_converter()
    {
        var i420 = new byte[PictureView.SizeOf(320, 240, PixelFormat.I420)];
        new Random(9).NextBytes(i420);
        var expected = VisionData.Run("ffmpeg", ["-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "320x240", "-i", "pipe:0", "-sws_flags", "bicubic", "-pix_fmt", "bgr24", "-f", "rawvideo", "pipe:1"], i420);
        var bgr = new byte[3 * 320 * 240];
        PictureRows.ToBgr(new PictureView(i420, 320, 240, PixelFormat.I420), bgr);
        var worst = 0;
        for (var i = 0; i < bgr.Length; i++) worst = Math.Max(worst, Math.Abs(bgr[i] - expected[i]));
        Assert.InRange(worst, 0, 1);
    }

    [Fact]
    public void Layout_channel_order_and_normalisation_come_from_the_spec()
    {
        byte[] bgr = [10, 20, 30, 40, 50, 60];
        var picture = new PictureView(bgr, 2, 1, PixelFormat.Bgr24);
        var spec = new InputSpec { Name = "x", Width = 2, Height = 1, Channels = ChannelOrder.Rgb, Mean = [1, 2, 3], Std = [2, 4, 8] };
        var tensor = new float[6];
        PreprocessPlan.Create(spec, 2, 1, PixelFormat.Bgr24).Fill(picture, tensor);
        Assert.Equal([14.5f, 29.5f, 4.5f, 12f, 0.875f, 4.625f], tensor);
        PreprocessPlan.Create(spec with { Layout = TensorLayout.Nhwc }, 2, 1, PixelFormat.Bgr24).Fill(picture, tensor);
        Assert.Equal([14.5f, 4.5f, 0.875f, 29.5f, 12f, 4.625f], tensor);

        var grey = new float[2];
        PreprocessPlan.Create(spec with { Channels = ChannelOrder.Grey, Mean = [0, 0, 0], Std = [1, 1, 1] }, 2, 1, PixelFormat.Bgr24).Fill(picture, grey);
        Assert.Equal([22f, 52f], grey);
    }

    [Theory]
    [InlineData(ResizeMode.LetterboxCentre, 640, 360)]
    [InlineData(ResizeMode.LetterboxCentre, 333, 517)]
    [InlineData(ResizeMode.LetterboxTopLeft, 640, 360)]
    [InlineData(ResizeMode.Stretch, 123, 456)]
    [InlineData(ResizeMode.CentreCrop, 640, 360)]
    public void A_square_in_the_picture_is_found_where_its_tensor_box_maps_to(ResizeMode resize, int width, int height)
    {
        var bgr = new byte[3 * width * height];
        var (left, top, side) = (width / 2 - 30, height / 2 - 40, 60);
        for (var y = top; y < top + side; y++) bgr.AsSpan(3 * (y * width + left), 3 * side).Fill(255);
        var plan = PreprocessPlan.Create(Spec(224, 224, resize), width, height, PixelFormat.Bgr24);
        var tensor = new float[3 * 224 * 224];
        plan.Fill(new PictureView(bgr, width, height, PixelFormat.Bgr24), tensor);
        var bright = Enumerable.Range(0, 224 * 224).Where(i => tensor[i] > 127 && tensor[i] != 114).ToArray();
        var box = new Detection("square", 1, bright.Min(i => i % 224), bright[0] / 224, bright.Max(i => i % 224) + 1 - bright.Min(i => i % 224), bright[^1] / 224 + 1 - bright[0] / 224);
        var found = plan.ToPicture(box);
        var pixel = Math.Max(width, height) / 224.0 + 1;
        Assert.Equal(left, found.X, pixel);
        Assert.Equal(top, found.Y, pixel);
        Assert.Equal(side, found.Width, 2 * pixel);
        Assert.Equal(side, found.Height, 2 * pixel);
    }

    [Fact]
    public void Letterbox_pads_with_the_specs_value_around_the_picture()
    {
        var bgr = Enumerable.Repeat((byte)200, 3 * 20 * 10).ToArray();
        var tensor = new float[3 * 8 * 8];
        PreprocessPlan.Create(Spec(8, 8, ResizeMode.LetterboxCentre), 20, 10, PixelFormat.Bgr24).Fill(new PictureView(bgr, 20, 10, PixelFormat.Bgr24), tensor);
        for (var i = 0; i < tensor.Length; i++) Assert.Equal(i % 64 / 8 is >= 2 and < 6 ? 200 : 114, tensor[i]);
    }
}
