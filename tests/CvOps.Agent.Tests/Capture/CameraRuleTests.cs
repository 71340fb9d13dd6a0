using CvOps.Agent.Capture;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Tests.Capture;

public sealed class CameraRuleTests
{
    [Fact]
    public void Every_pair_of_state_and_event_is_decided_or_refused_as_the_table_says()
    {
        var refused = new HashSet<(CameraState, CameraEvent)>
        {
            (CameraState.Connecting, CameraEvent.Finished), (CameraState.Connecting, CameraEvent.Retry),
            (CameraState.Live, CameraEvent.Retry), (CameraState.Stale, CameraEvent.Retry), (CameraState.Lost, CameraEvent.Silence),
            (CameraState.Finished, CameraEvent.Frame), (CameraState.Finished, CameraEvent.Silence), (CameraState.Finished, CameraEvent.Ended),
            (CameraState.Finished, CameraEvent.Finished), (CameraState.Finished, CameraEvent.Retry),
        };
        foreach (var state in Enum.GetValues<CameraState>())
        {
            foreach (var happened in Enum.GetValues<CameraEvent>())
            {
                if (refused.Contains((state, happened))) Assert.Throws<InvalidOperationException>(() => CameraMachine.Next(state, happened));
                else Assert.True(Enum.IsDefined(CameraMachine.Next(state, happened)));
            }
        }
    }

    [Fact]
    public void Silence_makes_a_live_camera_stale_then_lost_and_a_frame_brings_it_back()
    {
        Assert.Equal(CameraState.Stale, CameraMachine.Next(CameraState.Live, CameraEvent.Silence));
        Assert.Equal(CameraState.Live, CameraMachine.Next(CameraState.Stale, CameraEvent.Frame));
        Assert.Equal(CameraState.Lost, CameraMachine.Next(CameraState.Stale, CameraEvent.Silence));
        Assert.Equal(CameraState.Connecting, CameraMachine.Next(CameraState.Lost, CameraEvent.Retry));
    }

    [Fact]
    public void Reconnect_delays_double_with_jitter_up_to_a_quarter_minute()
    {
        Assert.Equal(0.25, ReconnectDelay.Of(1, 0).TotalSeconds, 1e-6);
        Assert.InRange(ReconnectDelay.Of(3, 0.5).TotalSeconds, 1, 2);
        Assert.InRange(ReconnectDelay.Of(500, 0.999).TotalSeconds, 7.5, 15);
        Assert.True(ReconnectDelay.Of(1, 0) >= TimeSpan.FromMilliseconds(200), "no failure is retried without a delay");
    }

    [Theory]
    [InlineData("rtsp://user:secret@cam/1", "rtsp://cam/1")]
    [InlineData("rtsp://user:se/cr@et@cam:554/1", "rtsp://cam:554/1")]
    [InlineData("http://cam/v.mjpg?user=a&pwd=secret", "http://cam/v.mjpg")]
    [InlineData("rtsp://cam/1", "rtsp://cam/1")]
    [InlineData("/videos/a@b?c.mp4", "/videos/a@b?c.mp4")]
    public void Addresses_are_shown_without_their_secrets(string url, string shown)
    {
        Assert.Equal(shown, CameraAddress.Redact(url));
        Assert.DoesNotContain("secret", CameraAddress.Scrub($"{url}: it broke", url), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rtsp://u:p@cam/1: Connection refused", "rtsp://cam/1 refused the connection")]
    [InlineData("method DESCRIBE failed: 401 Unauthorized", "rtsp://cam/1 wants a user name and password")]
    [InlineData("Server returned 404 Not Found", "rtsp://cam/1 has no such stream")]
    [InlineData("rtsp://u:p@cam/1: something new", "rtsp://cam/1: ffmpeg says \"rtsp://cam/1: something new\".")]
    public void What_ffmpeg_says_becomes_one_sentence_without_the_password(string line, string sentence)
    {
        var cause = FfmpegCause.Explain(["[tcp @ 0x55] noise", line], 1, "rtsp://u:p@cam/1");
        Assert.StartsWith(sentence, cause, StringComparison.Ordinal);
        Assert.DoesNotContain("u:p", cause, StringComparison.Ordinal);
    }
}
