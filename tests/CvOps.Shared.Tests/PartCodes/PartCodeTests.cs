using CvOps.Vision;
using CvOps.Vision.PartCodes;

namespace CvOps.Shared.Tests.PartCodes;

[Trait("tier", "unit")]
public sealed class PartCodeTests
{
    private const int Width = 320;
    private const int Height = 240;
    private static readonly PartCodeRegion Region = new(8, 220, 304, 16);

    public static TheoryData<uint> Serials => [0, 1, 2, 255, 65_536, 123_456_789, 0x5555_5555, 0xAAAA_AAAA, uint.MaxValue];

    [Theory, MemberData(nameof(Serials))]
    public void A_drawn_serial_is_read_from_luma_and_from_colour(uint serial)
    {
        var luma = Drawn(serial);
        Assert.True(PartCode.TryRead(new PictureView(luma, Width, Height, PixelFormat.Grey8), Region, out var grey));
        Assert.Equal(serial, grey);

        var bgr = new byte[luma.Length * 3];
        for (var i = 0; i < bgr.Length; i++) bgr[i] = luma[i / 3];
        Assert.True(PartCode.TryRead(new PictureView(bgr, Width, Height, PixelFormat.Bgr24), Region, out var colour));
        Assert.Equal(serial, colour);
    }

    [Fact]
    public void Darkness_blur_and_uneven_light_leave_it_readable()
    {
        var random = new Random(7);
        for (var i = 0; i < 200; i++)
        {
            var serial = (uint)random.NextInt64(0, 1L << 32);
            var luma = Blurred(Drawn(serial));
            for (var at = 0; at < luma.Length; at++)
            {
                var light = 0.35 * (1 - 0.4 * (at % Width) / Width);
                luma[at] = (byte)Math.Clamp(16 + luma[at] * light + random.Next(-6, 7), 0, 255);
            }

            Assert.True(PartCode.TryRead(new PictureView(luma, Width, Height, PixelFormat.Grey8), Region, out var read), $"serial {serial:x8} was missed");
            Assert.Equal(serial, read);
        }
    }

    [Fact]
    public void Damage_is_a_miss_and_never_another_serial()
    {
        var random = new Random(11);
        var misses = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var serial = (uint)random.NextInt64(0, 1L << 32);
            var luma = Drawn(serial);
            // One to eight blots of any grey, anywhere on the strip.
            for (var blots = random.Next(1, 9); blots > 0; blots--)
            {
                var (x, y, side, grey) = (random.Next(Region.X, Region.X + Region.Width - 12), random.Next(Region.Y, Region.Y + Region.Height - 10), random.Next(6, 13), (byte)random.Next(256));
                for (var row = 0; row < Math.Min(side, 10); row++) luma.AsSpan((y + row) * Width + x, side).Fill(grey);
            }

            if (PartCode.TryRead(new PictureView(luma, Width, Height, PixelFormat.Grey8), Region, out var read)) Assert.Equal(serial, read);
            else misses++;
        }

        Assert.InRange(misses, 5_000, 19_999);
    }

    [Fact]
    public void Pictures_without_a_strip_are_misses()
    {
        var random = new Random(13);
        var luma = new byte[Width * Height];
        for (var i = 0; i < 2_000; i++)
        {
            random.NextBytes(luma);
            Assert.False(PartCode.TryRead(new PictureView(luma, Width, Height, PixelFormat.Grey8), Region, out _));
        }

        foreach (var grey in new byte[] { 0, 16, 128, 255 })
        {
            luma.AsSpan().Fill(grey);
            Assert.False(PartCode.TryRead(new PictureView(luma, Width, Height, PixelFormat.Grey8), Region, out _));
        }
    }

    [Theory]
    [InlineData(-1, 0, 304, 16)]
    [InlineData(20, 220, 304, 16)]
    [InlineData(8, 230, 304, 16)]
    [InlineData(8, 220, 40, 16)]
    [InlineData(int.MaxValue, int.MaxValue, 304, 16)]
    public void A_region_outside_the_picture_is_a_miss_to_read_and_an_error_to_draw(int x, int y, int width, int height)
    {
        var region = new PartCodeRegion(x, y, width, height);
        var luma = new byte[Width * Height];
        Assert.False(PartCode.TryRead(new PictureView(luma, Width, Height, PixelFormat.Grey8), region, out _));
        Assert.Throws<ArgumentException>(() => PartCode.Draw(luma, Width, region, 1));
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        var luma = Drawn(42);
        PartCode.TryRead(new PictureView(luma, Width, Height, PixelFormat.Grey8), Region, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) PartCode.TryRead(new PictureView(luma, Width, Height, PixelFormat.Grey8), Region, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static byte[] Drawn(uint serial)
    {
        var luma = new byte[Width * Height];
        luma.AsSpan().Fill(90);
        PartCode.Draw(luma, Width, Region, serial);
        return luma;
    }

    private static byte[] Blurred(byte[] luma)
    {
        var result = luma.ToArray();
        for (var y = 2; y < Height - 2; y++)
        for (var x = 2; x < Width - 2; x++)
        {
            var sum = 0;
            for (var dy = -2; dy <= 2; dy++)
            for (var dx = -2; dx <= 2; dx++)
                sum += luma[(y + dy) * Width + x + dx];
            result[y * Width + x] = (byte)(sum / 25);
        }

        return result;
    }
}
