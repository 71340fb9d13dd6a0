using System.Diagnostics;
using CvOps.Agent.Capture;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Capture;

public sealed class FrozenPictureTests
{
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(40);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(25)]
    [InlineData(64)]
    public void A_loop_of_pictures_is_frozen_once_it_has_lasted_and_come_round(int loop)
    {
        var rule = new FrozenPictureRule(TimeSpan.FromSeconds(10));
        var frozen = Pictures(rule, 1000, i => (ulong)(i % loop) + 1);
        // The first picture that repeats is number `loop`; 250 frames are 10 s.
        Assert.Equal(loop + 250, frozen.IndexOf(true));
        Assert.All(frozen[(loop + 250)..], Assert.True);
        Assert.Equal(loop, rule.Loop);
    }

    [Fact]
    public void A_loop_longer_than_64_pictures_goes_unnoticed() =>
        Assert.DoesNotContain(true, Pictures(new FrozenPictureRule(TimeSpan.FromSeconds(10)), 2000, i => (ulong)(i % 65) + 1));

    [Fact]
    public void One_new_picture_ends_it()
    {
        var frozen = Pictures(new FrozenPictureRule(TimeSpan.FromSeconds(2)), 200, i => i == 120 ? 7UL : 1UL);
        Assert.True(frozen[119]);
        Assert.False(frozen[120]);
        Assert.False(frozen[121]);
        Assert.True(frozen[199]);
    }

    [Fact]
    public void Pictures_that_repeat_now_and_then_are_no_loop() =>
        Assert.DoesNotContain(true, Pictures(new FrozenPictureRule(TimeSpan.FromSeconds(1)), 3000, i => (ulong)(i * 7919 % 10) * (ulong)(i % 97)));

    [Fact]
    public void Patience_zero_never_calls_it() => Assert.DoesNotContain(true, Pictures(new FrozenPictureRule(TimeSpan.Zero), 1000, _ => 1));

    [Theory]
    [InlineData(160, 90)]
    [InlineData(161, 91)]
    [InlineData(7, 3)]
    public void One_changed_pixel_of_a_row_that_is_read_changes_the_fingerprint(int width, int height)
    {
        var data = new byte[PictureView.SizeOf(width, height, PixelFormat.I420)];
        new Random(3).NextBytes(data);
        var before = PictureHash.Of(new PictureView(data, width, height, PixelFormat.I420));
        Assert.Equal(before, PictureHash.Of(new PictureView([.. data], width, height, PixelFormat.I420)));
        for (var y = 0; y < height; y += 8)
        {
            for (var x = 0; x < width; x += 3)
            {
                data[y * width + x] ^= 1;
                Assert.NotEqual(before, PictureHash.Of(new PictureView(data, width, height, PixelFormat.I420)));
                data[y * width + x] ^= 1;
            }
        }
    }

    [Theory, Trait("tier", "integration")]
    [InlineData("color=c=gray", "the same picture")]
    [InlineData("testsrc2", "the same 10 pictures")]
    public async Task A_camera_that_shows_the_same_again_and_again_is_stale_though_frames_arrive(string source, string what)
    {
        // Intra pictures only: a loop then decodes to the same bytes each time round.
        await using var server = HttpCamera.Start(0, "video/x-matroska", _ =>
            ["-f", "lavfi", "-i", $"{source}{(source.Contains('=', StringComparison.Ordinal) ? ":" : "=")}size=160x90:rate=25", "-vf", "loop=loop=-1:size=10,realtime", "-c:v", "ffv1", "-f", "matroska", "pipe:1"]);
        await using var rig = new CameraRig(CameraRig.Options(server.Url, Pace.Live) with { FrozenAfter = TimeSpan.FromSeconds(1.5) });
        await rig.StartAsync();
        await rig.UntilAsync(loop => loop.State == CameraState.Live);
        await rig.UntilAsync(loop => loop.State == CameraState.Stale);
        Assert.Contains(what, rig.Loop.TakeHealth().Problem, StringComparison.Ordinal);
        await rig.Log.SaysAsync("Camera cam is stale");
        // What waited is inspected; from then on frames are counted and given back.
        while (rig.Queue.Waiting > 0) rig.Take().Dispose();
        var frozen = rig.Loop.TakeHealth().FramesFrozen;
        await rig.UntilAsync(loop => loop.TakeHealth().FramesFrozen > frozen + 10);
        Assert.Equal((CameraState.Stale, 0, 0), (rig.Loop.State, rig.Queue.Waiting, rig.Loop.TakeHealth().Reconnects));
    }

    [Fact, Trait("tier", "integration")]
    public async Task A_camera_that_thaws_is_live_again()
    {
        // Still for three seconds, then moving.
        await using var server = HttpCamera.Start(0, "video/mp2t", _ =>
            ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-vf", "loop=loop=75:size=1:start=5,realtime", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-qp", "0", "-f", "mpegts", "pipe:1"]);
        await using var rig = new CameraRig(CameraRig.Options(server.Url, Pace.Live) with { FrozenAfter = TimeSpan.FromSeconds(1) });
        await rig.StartAsync();
        await rig.UntilAsync(loop => loop.State == CameraState.Stale);
        await rig.UntilAsync(loop => loop.State == CameraState.Live);
        await rig.Log.SaysAsync("Camera cam shows new pictures again");
        Assert.Null(rig.Loop.TakeHealth().Problem);
    }

    [Fact]
    public async Task A_file_of_a_still_scene_is_inspected_to_its_end()
    {
        using var folder = new TestFolder();
        if (TestProcess.Find("ffmpeg") is null) Skip.Because("ffmpeg is not installed: apt-get install ffmpeg");
        using (var ffmpeg = Process.Start("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", "color=c=gray:size=64x64:rate=25", "-frames:v", "300", "-y", folder["still.mp4"]])) await ffmpeg.WaitForExitAsync(TestContext.Current.CancellationToken);
        await using var rig = new CameraRig(CameraRig.Options(folder["still.mp4"], Pace.Fast));
        await rig.StartAsync();
        for (var i = 0; i < 300; i++) rig.Take().Dispose();
        await rig.UntilAsync(loop => loop.State == CameraState.Finished);
        Assert.Equal(0, rig.Loop.TakeHealth().FramesFrozen);
    }

    private static List<bool> Pictures(FrozenPictureRule rule, int count, Func<int, ulong> hash) =>
        [.. Enumerable.Range(0, count).Select(i => rule.IsFrozen(hash(i), i * Frame))];
}
