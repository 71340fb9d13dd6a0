using System.Diagnostics;
using CvOps.Agent.Capture;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Capture;

[Trait("tier", "integration")]
public sealed class FileCameraTests
{
    [Fact]
    public async Task A_fast_file_gives_every_frame_in_order_then_is_finished()
    {
        using var folder = new TestFolder();
        await using var rig = new CameraRig(CameraRig.Options(CameraRig.Video(folder, "a.mp4", 60), Pace.Fast));
        await rig.StartAsync();
        for (var i = 0; i < 60; i++)
        {
            using var frame = rig.Take();
            Assert.Equal((i, 160, 90, 1), (frame.Number, frame.Width, frame.Height, frame.Connection));
        }
        await rig.UntilAsync(loop => loop.State == CameraState.Finished);
        var health = rig.Loop.TakeHealth();
        Assert.Contains("played to its end, 60 frames", health.Problem, StringComparison.Ordinal);
        Assert.Equal((0, 0), (health.FramesDropped, health.Reconnects));
    }

    [Fact]
    public async Task A_fast_file_waits_for_a_slow_consumer_without_being_called_silent()
    {
        using var folder = new TestFolder();
        var options = CameraRig.Options(CameraRig.Video(folder, "a.mp4", 40), Pace.Fast) with { StaleAfter = TimeSpan.FromMilliseconds(300), LostAfter = TimeSpan.FromMilliseconds(600) };
        await using var rig = new CameraRig(options);
        await rig.StartAsync();
        await rig.UntilAsync(_ => rig.Queue.Waiting == 4);
        await Task.Delay(TimeSpan.FromMilliseconds(1500), TestContext.Current.CancellationToken);
        Assert.Equal(CameraState.Live, rig.Loop.State);
        for (var i = 0; i < 40; i++)
        {
            using var frame = rig.Take();
            Assert.Equal(i, frame.Number);
        }
        await rig.UntilAsync(loop => loop.State == CameraState.Finished);
    }

    [Fact]
    public async Task A_looped_file_begins_again()
    {
        using var folder = new TestFolder();
        await using var rig = new CameraRig(CameraRig.Options(CameraRig.Video(folder, "a.mp4", 10), Pace.Fast) with { Loop = true });
        await rig.StartAsync();
        for (var i = 0; i < 35; i++)
        {
            using var frame = rig.Take();
            Assert.Equal(i, frame.Number);
        }
        Assert.Equal(CameraState.Live, rig.Loop.State);
    }

    [Fact]
    public async Task A_live_camera_drops_old_frames_and_counts_them()
    {
        using var folder = new TestFolder();
        await using var rig = new CameraRig(CameraRig.Options(CameraRig.Video(folder, "a.mp4", 25), Pace.Live));
        await rig.StartAsync();
        await rig.UntilAsync(loop => loop.State == CameraState.Finished);
        using var oldest = rig.Take();
        using var newest = rig.Take();
        Assert.Equal((23, 24, 23), (oldest.Number, newest.Number, rig.Loop.TakeHealth().FramesDropped));
    }

    [Fact]
    public async Task Odd_sides_come_through_whole()
    {
        using var folder = new TestFolder();
        var path = CameraRig.Video(folder, "odd.mkv", 3, "161x91", "ffv1", "yuv444p");
        using (var raw = Process.Start("ffmpeg", ["-v", "error", "-i", path, "-pix_fmt", "yuv420p", "-f", "rawvideo", folder["odd.yuv"]])) await raw.WaitForExitAsync(TestContext.Current.CancellationToken);
        var expected = await File.ReadAllBytesAsync(folder["odd.yuv"], TestContext.Current.CancellationToken);
        await using var rig = new CameraRig(CameraRig.Options(path, Pace.Fast));
        await rig.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            using var frame = rig.Take();
            Assert.Equal((161, 91), (frame.Width, frame.Height));
            Assert.True(frame.Picture.Data.SequenceEqual(expected.AsSpan(i * 22_103, 22_103)), $"frame {i} differs from ffmpeg's raw output");
        }
    }

    [Fact]
    public async Task Full_range_pictures_arrive_in_limited_range()
    {
        using var folder = new TestFolder();
        await using var rig = new CameraRig(CameraRig.Options(CameraRig.Video(folder, "full.avi", 2, codec: "mjpeg", pixels: "yuvj420p"), Pace.Fast));
        await rig.StartAsync();
        using var frame = rig.Take();
        Assert.Equal((160, 90), (frame.Width, frame.Height));
        Assert.Equal(0, frame.Picture.Luma.Count((byte)0) + frame.Picture.Luma.Count((byte)255));
        Assert.InRange(frame.Picture.Luma.ToArray().Max(), 200, 240);
    }

    [Fact]
    public async Task Frames_of_a_file_have_the_brightness_that_ffmpeg_gives()
    {
        using var folder = new TestFolder();
        await using var rig = new CameraRig(CameraRig.Options(CameraRig.Video(folder, "a.mp4", 2), Pace.Fast));
        await rig.StartAsync();
        using var frame = rig.Take();
        var bgr = new byte[3 * 160 * 90];
        PictureRows.ToBgr(frame.Picture, bgr);
        var direct = FrameStatistics.Measure(frame.Picture);
        var converted = FrameStatistics.Measure(new PictureView(bgr, 160, 90, PixelFormat.Bgr24));
        Assert.Equal(converted.Brightness, direct.Brightness, 1.5);
        Assert.Equal(converted.Contrast, direct.Contrast, 1.5);
        Assert.InRange(direct.Contrast, 20, 127.5);
    }
}
