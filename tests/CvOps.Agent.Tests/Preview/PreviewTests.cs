using CvOps.Agent.Preview;
using CvOps.Agent.Tests.Sampling;
using CvOps.Contracts;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Preview;

public sealed class PreviewTests
{
    private static readonly CameraId Camera = new("cam");

    [Fact]
    public void Nobody_is_shown_anything_who_did_not_ask()
    {
        using var rig = new InspectionRig();
        var desk = new PreviewDesk(rig.Time);
        rig.Show(desk);
        Assert.Null(desk.Take());
    }

    [Fact]
    public void Two_frames_a_second_at_most_and_none_after_the_time_asked_for()
    {
        using var rig = new InspectionRig();
        var desk = new PreviewDesk(rig.Time);
        desk.Show(Camera, TimeSpan.FromSeconds(10));
        var shown = 0;
        for (var frame = 0; frame < 200; frame++)
        {
            rig.Show(desk);
            if (desk.Take() is not null) shown++;
            rig.Time.Advance(TimeSpan.FromSeconds(0.1));
        }
        Assert.Equal(20, shown);
    }

    [Fact]
    public void A_frame_that_was_not_fetched_is_kept_and_no_other_is_copied_beside_it()
    {
        using var rig = new InspectionRig();
        var desk = new PreviewDesk(rig.Time);
        desk.Show(Camera, TimeSpan.FromSeconds(10));
        rig.Show(desk, cls: "first");
        rig.Time.Advance(TimeSpan.FromSeconds(2));
        rig.Show(desk, cls: "second");
        Assert.Equal("first", desk.Take()!.Prediction.Class);
        Assert.Null(desk.Take());
    }

    [Fact]
    public void Another_camera_is_not_shown()
    {
        using var rig = new InspectionRig();
        var desk = new PreviewDesk(rig.Time);
        desk.Show(new CameraId("other"), TimeSpan.FromSeconds(10));
        rig.Show(desk);
        Assert.Null(desk.Take());
    }

    [Theory]
    [InlineData(PixelFormat.I420)]
    [InlineData(PixelFormat.Nv12)]
    [InlineData(PixelFormat.Bgr24)]
    [InlineData(PixelFormat.Grey8)]
    public void A_large_picture_becomes_small_and_keeps_its_colours_where_they_are(PixelFormat format)
    {
        // The left half is dark, the right half bright; chroma differs likewise.
        const int width = 1921, height = 1081;
        var pixels = new byte[PictureView.SizeOf(width, height, format)];
        var view = new PictureView(pixels, width, height, format);
        var (wide, samples) = format == PixelFormat.Bgr24 ? (width, 3) : (width, 1);
        Halve(pixels.AsSpan(0, wide * height * samples), wide * samples, 40, 200);
        var chroma = pixels.AsSpan(wide * height * samples);
        if (format == PixelFormat.Nv12) Halve(chroma, view.ChromaWidth * 2, 90, 160);
        if (format == PixelFormat.I420) Halve(chroma, view.ChromaWidth, 90, 160);

        var (small, smallWidth, smallHeight) = PreviewSize.Shrink(view);
        Assert.InRange(smallWidth, 400, PreviewSize.MostWidth);
        Assert.Equal(PictureView.SizeOf(smallWidth, smallHeight, format), small.Length);
        Assert.Equal(40, small[10 * samples]);
        Assert.Equal(200, small[(smallWidth - 10) * samples]);
        if (format is PixelFormat.I420 or PixelFormat.Nv12)
        {
            var row = (smallWidth + 1) / 2 * (format == PixelFormat.Nv12 ? 2 : 1);
            Assert.Equal(90, small[(smallWidth * smallHeight) + 10]);
            Assert.Equal(160, small[(smallWidth * smallHeight) + row - 10]);
        }
        Assert.NotEmpty(JpegCodec.Encode(new PictureView(small, smallWidth, smallHeight, format), 70));
    }

    private static void Halve(Span<byte> plane, int row, byte left, byte right)
    {
        for (var start = 0; start + row <= plane.Length; start += row)
        {
            plane.Slice(start, row / 2).Fill(left);
            plane.Slice(start + (row / 2), row - (row / 2)).Fill(right);
        }
    }
}
