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
            (CameraState.Finished, CameraEvent.Picture), (CameraState.Finished, CameraEvent.Repeat), (CameraState.Finished, CameraEvent.Silence), (CameraState.Finished, CameraEvent.Ended),
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
        Assert.Equal(CameraState.Live, CameraMachine.Next(CameraState.Stale, CameraEvent.Picture));
        Assert.Equal(CameraState.Lost, CameraMachine.Next(CameraState.Stale, CameraEvent.Silence));
        Assert.Equal(CameraState.Connecting, CameraMachine.Next(CameraState.Lost, CameraEvent.Retry));
    }

    [Fact]
    public void A_repeated_picture_makes_a_camera_stale_and_only_a_new_one_brings_it_back()
    {
        Assert.Equal(CameraState.Stale, CameraMachine.Next(CameraState.Live, CameraEvent.Repeat));
        Assert.Equal(CameraState.Stale, CameraMachine.Next(CameraState.Stale, CameraEvent.Repeat));
        Assert.Equal(CameraState.Stale, CameraMachine.Next(CameraState.Connecting, CameraEvent.Repeat));
        Assert.Equal(CameraState.Live, CameraMachine.Next(CameraState.Stale, CameraEvent.Picture));
    }

    [Fact]
    public void Reconnect_delays_double_with_jitter_up_to_a_quarter_minute()
    {
        Assert.Equal(0.1, ReconnectDelay.Of(1, 0).TotalSeconds, 1e-6);
        Assert.InRange(ReconnectDelay.Of(3, 0.5).TotalSeconds, 0.4, 0.8);
        Assert.InRange(ReconnectDelay.Of(500, 0.999).TotalSeconds, 7.5, 15);
        Assert.True(ReconnectDelay.Of(1, 0) >= TimeSpan.FromMilliseconds(100), "no failure is retried without a delay");
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
    [InlineData("rtsp://cam/1", "cam", 554)]
    [InlineData("rtsps://cam/1", "cam", 322)]
    [InlineData("rtsp://user:p@ss/word@cam:8554/1?x=1", "cam", 8554)]
    [InlineData("http://[fe80::1]:81/v", "fe80::1", 81)]
    [InlineData("https://cam", "cam", 443)]
    public void The_port_to_knock_at_is_read_from_the_address(string url, string host, int port) => Assert.Equal((host, port), CameraAddress.EndpointOf(url));

    [Theory]
    [InlineData("rtsps://cam/1", "Rtsp")]
    [InlineData("http://cam/v.mjpg", "Http")]
    [InlineData("srt://cam:99", "Stream")]
    [InlineData("/dev/video3", "V4l2")]
    [InlineData("v4l2:///dev/video3", "V4l2")]
    [InlineData("/tmp/", "Folder")]
    [InlineData("/tmp", "Folder")]
    [InlineData("/no/such/a.mp4", "File")]
    public void An_address_says_what_kind_of_source_it_names(string url, string kind) => Assert.Equal(kind, CameraAddress.KindOf(url).ToString());

    [Fact]
    public void A_frame_is_too_old_only_beyond_its_limit()
    {
        var time = new Testing.ManualTime();
        var received = time.GetTimestamp();
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.False(StalenessRule.IsTooOld(received, TimeSpan.FromMilliseconds(100), time));
        Assert.False(StalenessRule.IsTooOld(received, null, time));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(StalenessRule.IsTooOld(received, TimeSpan.FromMilliseconds(100), time));
    }

    [Fact]
    public void Damage_a_stream_lived_with_is_not_the_cause_of_its_end()
    {
        var listener = new FfmpegListener("rtsp://cam/1");
        listener.Hear("[error] Error while decoding stream #0:0: Invalid data found when processing input");
        listener.Hear("[mp4 @ 0x55] [warning] Non-monotonous DTS in output stream 1:0");
        Assert.Equal("rtsp://cam/1 ended the stream.", listener.Explain(0, began: true));
        Assert.Equal("rtsp://cam/1 is no video that ffmpeg can read.", listener.Explain(1, began: false));
        Assert.Equal(1, listener.Damage.Count);
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
