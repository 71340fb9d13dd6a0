using System.Runtime.InteropServices;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision;

/// <summary>Element types, layouts, crops, regions and tiles, each held against a plain tensor of the same picture.</summary>
public sealed class TensorFormTests
{
    private const int Width = 150;
    private const int Height = 90;
    private static readonly byte[] Pixels = VisionData.Bgr(Width, Height);

    private static readonly InputSpec Plain = new() { Name = "x", Width = 52, Height = 36, Resize = ResizeMode.LetterboxCentre, Mean = [10, 20, 30], Std = [50, 60, 70] };

    [Theory]
    [InlineData(TensorLayout.Nchw)]
    [InlineData(TensorLayout.Nhwc)]
    public void Half_floats_are_the_floats_rounded(TensorLayout layout)
    {
        var floats = Floats(Plain with { Layout = layout });
        var halves = MemoryMarshal.Cast<byte, Half>(Fill(Plain with { Layout = layout, ElementType = ElementType.Float16 }, 2)).ToArray();
        Assert.Equal(floats.Select(value => (Half)value), halves);
    }

    [Theory]
    [InlineData(TensorLayout.Nchw)]
    [InlineData(TensorLayout.Nhwc)]
    public void Bytes_are_the_floats_rounded_and_cut(TensorLayout layout)
    {
        var spec = Plain with { Layout = layout, Mean = [0, 100, -100], Std = [1, 0.5, 1.5] };
        var bytes = Fill(spec with { ElementType = ElementType.UInt8 }, 1);
        Assert.Equal(Floats(spec).Select(value => (byte)Math.Clamp(MathF.Round(value), 0, 255)), bytes);
        Assert.Contains(bytes, value => value == 0);
        Assert.Contains(bytes, value => value == 255);
    }

    [Fact]
    public void Channels_last_holds_the_same_numbers_in_another_order()
    {
        var (planes, pixels) = (Floats(Plain), Floats(Plain with { Layout = TensorLayout.Nhwc }));
        for (var i = 0; i < planes.Length; i++) Assert.Equal(planes[i], pixels[i % (52 * 36) * 3 + i / (52 * 36)]);
    }

    [Theory]
    [InlineData(0.2, 0.1, 0.6, 0.8)]
    [InlineData(0, 0.5, 1, 0.5)]
    [InlineData(0.999, 0.999, 0.001, 0.001)]
    public void A_crop_is_the_tensor_of_the_picture_cut_out(double x, double y, double width, double height)
    {
        var (left, top) = (Math.Min(Width - 1, (int)Math.Round(x * Width)), Math.Min(Height - 1, (int)Math.Round(y * Height)));
        var (cutWidth, cutHeight) = (Math.Max(1, (int)Math.Round((x + width) * Width) - left), Math.Max(1, (int)Math.Round((y + height) * Height) - top));
        var expected = new float[3 * 52 * 36];
        PreprocessPlan.Create(Plain, cutWidth, cutHeight, PixelFormat.Bgr24).Fill(new PictureView(Cut(left, top, cutWidth, cutHeight), cutWidth, cutHeight, PixelFormat.Bgr24), expected);
        Assert.Equal(expected, Floats(Plain with { Crop = new PictureRectangle(x, y, width, height) }));
    }

    [Theory]
    [InlineData(1, 1, 0.0)]
    [InlineData(3, 2, 0.0)]
    [InlineData(2, 2, 0.25)]
    [InlineData(4, 1, 0.5)]
    public void Tiles_cover_the_picture_with_their_overlap_and_map_back_to_it(int columns, int rows, double overlap)
    {
        var spec = Plain with { Resize = ResizeMode.Stretch, Tiles = new TileGrid(columns, rows, overlap) };
        var plan = PreprocessPlan.Create(spec, Width, Height, PixelFormat.Bgr24);
        Assert.Equal(columns * rows, plan.Tiles);
        var all = new float[plan.Tiles * 3 * 52 * 36];
        plan.Fill(View, all);
        var seen = new int[Width, Height];
        for (var tile = 0; tile < plan.Tiles; tile++)
        {
            var (left, top) = plan.ToPicture(0, 0, tile);
            var (right, bottom) = plan.ToPicture(52, 36, tile);
            var (cutWidth, cutHeight) = ((int)Math.Round(right - left), (int)Math.Round(bottom - top));
            var expected = new float[3 * 52 * 36];
            PreprocessPlan.Create(spec with { Tiles = null }, cutWidth, cutHeight, PixelFormat.Bgr24).Fill(new PictureView(Cut((int)left, (int)top, cutWidth, cutHeight), cutWidth, cutHeight, PixelFormat.Bgr24), expected);
            Assert.Equal(expected, all[(tile * expected.Length)..((tile + 1) * expected.Length)]);
            var alone = new byte[4 * expected.Length];
            plan.FillTile(View, tile, alone);
            Assert.Equal(expected, MemoryMarshal.Cast<byte, float>(alone).ToArray());
            for (var x = (int)left; x < right; x++) for (var y = (int)top; y < bottom; y++) seen[x, y]++;
            if (tile % columns > 0) Assert.InRange(plan.ToPicture(52, 0, tile - 1).X - left, overlap * cutWidth - 1.5, overlap * cutWidth + 1.5);
        }
        Assert.DoesNotContain(0, seen.Cast<int>());
    }

    [Theory]
    [InlineData(ResizeMode.LetterboxCentre)]
    [InlineData(ResizeMode.CentreCrop)]
    [InlineData(ResizeMode.Stretch)]
    public void Outside_of_the_region_of_interest_there_is_padding(ResizeMode resize)
    {
        PicturePoint[] roi = [new(0.3, 0.1), new(0.9, 0.4), new(0.6, 0.95), new(0.5, 0.5), new(0.1, 0.8)];
        foreach (var spec in (InputSpec[])[Plain with { Resize = resize }, Plain with { Resize = resize, Crop = new PictureRectangle(0.1, 0.2, 0.7, 0.7) }])
        {
            var plan = PreprocessPlan.Create(spec, Width, Height, PixelFormat.Bgr24);
            var (whole, masked) = (Floats(spec), Floats(spec with { Roi = roi }));
            var (kept, padded) = (0, 0);
            for (var i = 0; i < whole.Length; i++)
            {
                var (x, y) = plan.ToPicture(i % 52 + 0.5f, i / 52 % 36 + 0.5f);
                // A centre on the edge itself may go either way.
                if (Math.Abs(Winding(roi, x / Width, y / Height, 1e-4) - Winding(roi, x / Width, y / Height, -1e-4)) > 0) continue;
                var inside = Winding(roi, x / Width, y / Height, 0) == 1;
                var pad = (float)((114 - Plain.Mean[i / (52 * 36)]) / Plain.Std[i / (52 * 36)]);
                Assert.Equal(inside ? whole[i] : pad, masked[i], 1e-5f);
                if (inside) kept++;
                else padded++;
            }
            Assert.True(kept > 500 && padded > 500, $"{kept} kept, {padded} padded");
        }
    }

    [Fact]
    public void Boxes_and_points_map_to_the_picture_without_a_detection()
    {
        var plan = PreprocessPlan.Create(Plain with { Crop = new PictureRectangle(0.2, 0.2, 0.6, 0.6) }, Width, Height, PixelFormat.Bgr24);
        var box = plan.ToPicture(10, 8, 40, 30);
        var detection = plan.ToPicture(new Detection("a", 1, 10, 8, 30, 22));
        Assert.Equal(detection.X, box.Left, 1e-4);
        Assert.Equal(detection.Y + detection.Height, box.Bottom, 1e-4);
        var (x, y) = plan.ToPicture(10, 8);
        Assert.Equal((box.Left, box.Top), (x, y));
        var scale = plan.ScaleToPicture();
        Assert.Equal(box.Right - box.Left, 30 * scale.X, 1e-3);
        Assert.Equal((0, 0, Width, Height), plan.ToPicture(-1e6f, -1e6f, 1e6f, 1e6f));
    }

    [Fact]
    public void Filling_and_mapping_allocate_nothing()
    {
        foreach (var format in Enum.GetValues<PixelFormat>())
        {
            var pixels = ExactPreprocessTests.Noise(161, 91, format);
            foreach (var type in Enum.GetValues<ElementType>())
            {
                var spec = Plain with { ElementType = type, Std = [1, 1, 1], Layout = type == ElementType.UInt8 ? TensorLayout.Nhwc : TensorLayout.Nchw, Roi = [new(0, 0), new(1, 0), new(0.5, 1)], Tiles = new TileGrid(2, 2, 0.2) };
                foreach (var channels in Enum.GetValues<ChannelOrder>())
                {
                    var plan = PreprocessPlan.Create(spec with { Channels = channels }, 161, 91, format);
                    var tensor = new byte[4 * 3 * 52 * 36 * (type == ElementType.Float32 ? 4 : type == ElementType.Float16 ? 2 : 1)];
                    for (var warm = 0; warm < 3; warm++) Once(plan, pixels, tensor);
                    var before = GC.GetAllocatedBytesForCurrentThread();
                    Once(plan, pixels, tensor);
                    Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
                }
            }
            _ = FrameStatistics.Measure(new PictureView(pixels, 161, 91, format));
            var measured = GC.GetAllocatedBytesForCurrentThread();
            _ = FrameStatistics.Measure(new PictureView(pixels, 161, 91, format));
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - measured);
        }

        static void Once(PreprocessPlan plan, byte[] pixels, byte[] tensor)
        {
            plan.Fill(new PictureView(pixels, 161, 91, plan.Format), tensor);
            _ = plan.ToPicture(1, 2, 3, 4, tile: 3);
            _ = plan.ToPicture(1, 2, tile: 3);
        }
    }

    [Fact]
    public void A_tensor_or_picture_of_another_size_is_refused()
    {
        var plan = PreprocessPlan.Create(Plain, Width, Height, PixelFormat.Bgr24);
        Assert.Contains("holds 12 bytes", Assert.Throws<ArgumentException>(() => plan.Fill(View, new float[3])).Message, StringComparison.Ordinal);
        Assert.Contains("the picture is 20x10 Bgr24", Assert.Throws<ArgumentException>(() => plan.Fill(new PictureView(new byte[600], 20, 10, PixelFormat.Bgr24), new float[3 * 52 * 36])).Message, StringComparison.Ordinal);
        var halves = PreprocessPlan.Create(Plain with { ElementType = ElementType.Float16 }, Width, Height, PixelFormat.Bgr24);
        Assert.Throws<ArgumentException>(() => halves.Fill(View, new float[3 * 52 * 36]));
        var yuv = PreprocessPlan.Create(Plain, 20, 10, PixelFormat.Nv12);
        Assert.False(yuv.Fits(new PictureView(new byte[300], 20, 10, PixelFormat.Nv12, new YuvColour(YuvMatrix.Bt709, YuvRange.Limited))));
        Assert.Throws<ArgumentException>(() => PreprocessPlan.Create(Plain, 0, 0, PixelFormat.Nv12));
    }

    private static PictureView View => new(Pixels, Width, Height, PixelFormat.Bgr24);

    private static byte[] Fill(InputSpec spec, int elementBytes)
    {
        var tensor = new byte[3 * spec.Width * spec.Height * elementBytes];
        PreprocessPlan.Create(spec, Width, Height, PixelFormat.Bgr24).Fill(View, tensor);
        return tensor;
    }

    private static float[] Floats(InputSpec spec) => MemoryMarshal.Cast<byte, float>(Fill(spec, 4)).ToArray();

    private static byte[] Cut(int left, int top, int width, int height)
    {
        var cut = new byte[3 * width * height];
        for (var y = 0; y < height; y++) Pixels.AsSpan(3 * ((top + y) * Width + left), 3 * width).CopyTo(cut.AsSpan(3 * y * width));
        return cut;
    }

    /// <summary>1 inside of the polygon moved by a little to the right, 0 outside; by the angles its edges are seen under.</summary>
    private static int Winding(PicturePoint[] polygon, double x, double y, double moved)
    {
        var angle = 0.0;
        for (var i = 0; i < polygon.Length; i++)
        {
            var (a, b) = (polygon[i], polygon[(i + 1) % polygon.Length]);
            var (ax, ay, bx, by) = (a.X + moved - x, a.Y - y, b.X + moved - x, b.Y - y);
            angle += Math.Atan2(ax * by - ay * bx, ax * bx + ay * by);
        }
        return Math.Abs(angle) > Math.PI ? 1 : 0;
    }
}
