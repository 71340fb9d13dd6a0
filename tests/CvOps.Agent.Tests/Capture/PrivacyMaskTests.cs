using CvOps.Agent.Capture;
using CvOps.Agent.Clips;
using CvOps.Agent.Zones;
using CvOps.Contracts;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Capture;

public sealed class PrivacyMaskTests
{
    private static readonly PrivacyMaskOptions Left = Polygon((0, 0), (0.5, 0), (0.5, 1), (0, 1));

    [Theory]
    [InlineData(PixelFormat.I420)]
    [InlineData(PixelFormat.Nv12)]
    [InlineData(PixelFormat.Bgr24)]
    public void Inside_the_polygon_nothing_is_left_and_outside_everything(PixelFormat format)
    {
        var (a, b) = (Picture(format, 1), Picture(format, 2));
        var whole = a.ToArray();
        var mask = new PrivacyMask([Left]);
        mask.BurnIn(a, 64, 48, format, default);
        mask.BurnIn(b, 64, 48, format, default);
        foreach (var (x, y) in Points())
        {
            var inside = x <= 32;
            foreach (var at in Bytes(format, x, y))
            {
                if (inside) Assert.True(a[at] == b[at], $"{format} {x},{y} shows the picture: {a[at]} and {b[at]}");
                else if (x > 33) Assert.Equal(whole[at], a[at]);
            }
        }
        Assert.All(Bytes(format, 3, 3).Take(1), at => Assert.Equal(format == PixelFormat.Bgr24 ? 0 : 16, a[at]));
    }

    [Fact]
    public void A_triangle_hides_every_pixel_it_touches_and_its_far_corner_none()
    {
        var pixels = Picture(PixelFormat.Grey8, 1);
        new PrivacyMask([Polygon((0, 0), (1, 0), (0, 1))]).BurnIn(pixels, 64, 48, PixelFormat.Grey8, default);
        foreach (var (x, y) in Points())
        {
            var nearest = x / 64.0 + y / 48.0;
            if (nearest < 0.999) Assert.Equal(0, pixels[y * 64 + x]);
            if (nearest > 1.02) Assert.NotEqual(0, pixels[y * 64 + x]);
        }
    }

    [Fact]
    public void A_polygon_thinner_than_a_pixel_still_hides_what_it_touches()
    {
        var pixels = Picture(PixelFormat.Grey8, 1);
        new PrivacyMask([Polygon((0.25, 0.5), (0.75, 0.5), (0.75, 0.5001))]).BurnIn(pixels, 64, 48, PixelFormat.Grey8, default);
        Assert.All(Enumerable.Range(16, 32), x => Assert.Equal(0, pixels[24 * 64 + x]));
    }

    [Fact]
    public void A_changed_mask_starts_the_camera_anew_and_an_equal_one_does_not()
    {
        var now = CameraRig.Options("x.mp4", Pace.Fast) with { PrivacyMasks = [Left] };
        Assert.True(CameraChanges.Between([now], [now with { PrivacyMasks = [Polygon((0, 0), (0.5, 0), (0.5, 1), (0, 1))] }]).IsNone);
        Assert.False(CameraChanges.Between([now], [now with { PrivacyMasks = [Polygon((0, 0), (0.4, 0), (0.5, 1), (0, 1))] }]).IsNone);
        Assert.False(CameraChanges.Between([now], [now with { PrivacyMasks = [] }]).IsNone);
    }

    [Fact, Trait("tier", "integration")]
    public async Task No_frame_leaves_the_camera_unmasked_and_its_encoded_video_is_not_kept()
    {
        using var folder = new TestFolder();
        var ring = new EncodedRing(folder["ring"], new ClipOptions());
        await using var rig = new CameraRig(CameraRig.Options(CameraRig.Video(folder, "v.mp4", frames: 30), Pace.Fast) with { PrivacyMasks = [Left] }, ring: ring);
        await rig.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            using var frame = rig.Take();
            var luma = frame.Picture.Luma.ToArray();
            for (var at = 0; at < luma.Length; at += frame.Width) Assert.True(luma.AsSpan(at, frame.Width / 2).IndexOfAnyExcept((byte)16) < 0);
            Assert.Contains(luma, value => value > 40);
        }
        Assert.Empty(ring.Segments(new CameraId("cam")));
        Assert.False(Directory.Exists(folder["ring"]) && Directory.EnumerateFiles(folder["ring"], "*", SearchOption.AllDirectories).Any());
    }

    private static PrivacyMaskOptions Polygon(params (double X, double Y)[] corners) => new() { Polygon = [.. corners.Select(corner => new ZonePoint { X = corner.X, Y = corner.Y })] };

    private static byte[] Picture(PixelFormat format, int seed)
    {
        var pixels = new byte[PictureView.SizeOf(64, 48, format)];
        new Random(seed).NextBytes(pixels);
        for (var i = 0; i < pixels.Length; i++) pixels[i] |= 1;
        return pixels;
    }

    private static IEnumerable<(int X, int Y)> Points() => from y in Enumerable.Range(0, 48) from x in Enumerable.Range(0, 64) select (x, y);

    private static int[] Bytes(PixelFormat format, int x, int y)
    {
        var chroma = y / 2 * 32 + x / 2;
        return format switch
        {
            PixelFormat.Bgr24 => [(y * 64 + x) * 3, (y * 64 + x) * 3 + 1, (y * 64 + x) * 3 + 2],
            PixelFormat.Nv12 => [y * 64 + x, 64 * 48 + 2 * chroma, 64 * 48 + 2 * chroma + 1],
            _ => [y * 64 + x, 64 * 48 + chroma, 64 * 48 + 32 * 24 + chroma],
        };
    }
}
