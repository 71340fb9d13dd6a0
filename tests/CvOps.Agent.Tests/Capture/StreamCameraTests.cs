using CvOps.Agent.Capture;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Capture;

/// <summary>Cameras over the network, and what the network does to them.</summary>
[Trait("tier", "integration")]
public sealed class StreamCameraTests
{
    [Fact]
    public async Task A_stream_that_dies_and_returns_in_another_size_is_connected_again()
    {
        await using var first = HttpCamera.Start("160x120");
        await using var rig = new CameraRig(CameraRig.Options(first.Url, Pace.Live));
        await rig.StartAsync();
        await rig.UntilSizeAsync(160, 120);
        await first.DisposeAsync();
        await rig.UntilAsync(loop => loop.State == CameraState.Lost);
        await using var second = HttpCamera.Start("200x100", first.Port);
        await rig.UntilSizeAsync(200, 100);
        Assert.Equal(CameraState.Live, rig.Loop.State);
        var health = rig.Loop.TakeHealth();
        Assert.True(health.Reconnects >= 1);
        Assert.Equal((null, 1), (health.Problem, health.GeometryChanges));
        Assert.Equal((200, 100), (rig.Loop.Reported.Width, rig.Loop.Reported.Height));
        Assert.Contains("Camera cam changed its pictures from 160x120 to 200x100", rig.Log.Lines);
    }

    [Fact]
    public async Task A_stream_that_stands_still_is_stale_then_lost_and_its_child_is_killed()
    {
        await using var server = HttpCamera.Start("160x120");
        var options = CameraRig.Options(server.Url, Pace.Live) with { StaleAfter = TimeSpan.FromSeconds(0.5), LostAfter = TimeSpan.FromSeconds(1.5) };
        await using var rig = new CameraRig(options);
        await rig.StartAsync();
        await rig.UntilSizeAsync(160, 120);
        var child = rig.Loop.ChildProcessId;
        Assert.NotNull(child);
        server.Stalled = true;
        await rig.UntilAsync(loop => loop.State == CameraState.Stale);
        Assert.Contains("has sent no frame for", rig.Loop.TakeHealth().Problem, StringComparison.Ordinal);
        await rig.UntilAsync(loop => loop.State == CameraState.Lost);
        await Eventually.Async(() => !Directory.Exists($"/proc/{child}"), CameraRig.Deadline, () => $"process {child} still runs", TestContext.Current.CancellationToken);
        server.Stalled = false;
        await rig.UntilAsync(loop => loop.State == CameraState.Live);
    }

    [Fact]
    public async Task A_child_that_crashes_costs_one_reconnect()
    {
        var port = TestProcess.FreePort();
        await using var server = await RtspServer.StartAsync(port, TestContext.Current.CancellationToken);
        await using var rig = new CameraRig(CameraRig.Options($"rtsp://127.0.0.1:{port}/cam0", Pace.Live));
        await rig.StartAsync();
        await rig.UntilSizeAsync(320, 240);
        RtspServer.Signal("KILL", rig.Loop.ChildProcessId!.Value);
        await rig.UntilAsync(loop => loop.State == CameraState.Lost);
        await rig.UntilAsync(loop => loop.State == CameraState.Live);
        await rig.UntilSizeAsync(320, 240);
        Assert.Equal(1, rig.Loop.TakeHealth().Reconnects);
    }

    [Fact]
    public async Task A_child_that_is_stopped_is_killed_and_replaced()
    {
        await using var server = HttpCamera.Start("160x120");
        await using var rig = new CameraRig(CameraRig.Options(server.Url, Pace.Live) with { StaleAfter = TimeSpan.FromSeconds(0.5), LostAfter = TimeSpan.FromSeconds(1) });
        await rig.StartAsync();
        await rig.UntilSizeAsync(160, 120);
        var child = rig.Loop.ChildProcessId!.Value;
        RtspServer.Signal("STOP", child);
        await rig.UntilAsync(loop => loop.State == CameraState.Stale);
        await rig.UntilAsync(loop => loop.State == CameraState.Live && loop.ChildProcessId != child);
        Assert.False(Directory.Exists($"/proc/{child}"), $"the stopped process {child} is still there");
        Assert.Equal(1, rig.Loop.TakeHealth().Reconnects);
    }

    [Theory]
    [InlineData("Udp")]
    [InlineData("Http")]
    public async Task An_rtsp_camera_is_read_over_other_transports(string transport)
    {
        var port = TestProcess.FreePort();
        await using var server = await RtspServer.StartAsync(port, TestContext.Current.CancellationToken);
        await using var rig = new CameraRig(CameraRig.Options($"rtsp://127.0.0.1:{port}/cam0", Pace.Live) with { Transport = Enum.Parse<RtspTransport>(transport) });
        await rig.StartAsync();
        await rig.UntilSizeAsync(320, 240);
    }

    [Fact]
    public async Task A_camera_that_is_switched_on_again_is_there_within_a_second_of_its_first_picture()
    {
        var port = TestProcess.FreePort();
        await using var rig = new CameraRig(CameraRig.Options($"rtsp://127.0.0.1:{port}/cam0", Pace.Live));
        await rig.StartAsync();
        await rig.UntilAsync(loop => loop.State == CameraState.Lost);
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        // However long it was away: only one decoder was started, the rest were knocks.
        Assert.Equal(0, rig.Loop.TakeHealth().Reconnects);
        await using var server = await RtspServer.StartAsync(port, TestContext.Current.CancellationToken);
        await rig.UntilSizeAsync(320, 240);
        Assert.Equal(1, rig.Loop.TakeHealth().Reconnects);
    }

    [Theory]
    [InlineData("Tcp")]
    [InlineData("Udp")]
    public async Task Sender_reports_give_the_cameras_own_time(string transport)
    {
        var port = TestProcess.FreePort();
        await using var server = await RtspServer.StartAsync(port, TestContext.Current.CancellationToken);
        await using var rig = new CameraRig(CameraRig.Options($"rtsp://127.0.0.1:{port}/cam0", Pace.Live) with { Transport = Enum.Parse<RtspTransport>(transport) });
        await rig.StartAsync();
        var at = new List<DateTimeOffset>();
        var other = 0;
        await Task.Run(() =>
        {
            while (at.Count < 30)
            {
                using var frame = rig.Take();
                if (frame.TimeSource != TimeSource.Rtcp && ++other > 300) Assert.Fail($"No sender report was heard in 300 frames: {rig.Describe()}");
                if (frame.TimeSource != TimeSource.Rtcp) continue;
                Assert.Equal(50, frame.TimeUncertaintyMs);
                // One machine, one clock; this server counts from its pipeline's start, which is up to a few seconds early.
                var late = TimeProvider.System.GetUtcNow() - TimeProvider.System.GetElapsedTime(frame.ReceivedTimestamp) - frame.CapturedAt;
                Assert.InRange(late.TotalSeconds, -0.05, 5);
                at.Add(frame.CapturedAt);
            }
        }, TestContext.Current.CancellationToken);
        Assert.Equal(at.Order(), at);
    }

    [Fact]
    public async Task Without_sender_reports_the_time_is_the_hosts()
    {
        var port = TestProcess.FreePort();
        await using var server = await RtspServer.StartAsync(port, TestContext.Current.CancellationToken, "--no-reports");
        await using var rig = new CameraRig(CameraRig.Options($"rtsp://127.0.0.1:{port}/cam0", Pace.Live));
        await rig.StartAsync();
        for (var i = 0; i < 200; i++)
        {
            using var frame = rig.Take();
            Assert.Equal(TimeSource.Host, frame.TimeSource);
        }
    }

    [Fact]
    public async Task A_codec_that_cannot_tell_of_sender_reports_is_read_without_them()
    {
        var port = TestProcess.FreePort();
        await using var server = await RtspServer.StartAsync(port, TestContext.Current.CancellationToken, "--codec", "vp8");
        await using var rig = new CameraRig(CameraRig.Options($"rtsp://127.0.0.1:{port}/cam0", Pace.Live));
        await rig.StartAsync();
        await rig.UntilSizeAsync(320, 240);
        using var frame = rig.Take();
        Assert.Equal((TimeSource.Host, 2), (frame.TimeSource, frame.Connection));
    }

    [Fact]
    public async Task A_path_the_rtsp_server_does_not_have_is_named_as_the_cause()
    {
        var port = TestProcess.FreePort();
        await using var server = await RtspServer.StartAsync(port, TestContext.Current.CancellationToken);
        await using var rig = new CameraRig(CameraRig.Options($"rtsp://127.0.0.1:{port}/other", Pace.Live));
        await rig.StartAsync();
        await rig.UntilAsync(loop => loop.TakeHealth().Problem?.Contains("has no such stream (404 Not Found)", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Stopping_the_loop_leaves_no_child_behind()
    {
        using var folder = new TestFolder();
        int? child;
        await using (var rig = new CameraRig(CameraRig.Options(CameraRig.Video(folder, "a.mp4", 25), Pace.File) with { Loop = true }))
        {
            await rig.StartAsync();
            rig.Take().Dispose();
            child = rig.Loop.ChildProcessId;
            Assert.NotNull(child);
        }
        Assert.False(Directory.Exists($"/proc/{child}"), $"ffmpeg {child} outlived its camera");
    }
}
