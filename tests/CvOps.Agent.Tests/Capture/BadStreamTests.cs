using System.Diagnostics;
using CvOps.Agent.Capture;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Capture;

/// <summary>What a camera or the network can do to a stream: each leads to an event with its reason, and to pictures again.</summary>
[Trait("tier", "integration")]
public sealed class BadStreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Truncated_nal_units_are_counted_and_named_and_pictures_go_on()
    {
        await using var server = HttpCamera.Start(0, "video/h264", _ =>
            ["-re", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=25", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "5", "-flush_packets", "1", "-f", "h264", "pipe:1"]);
        await using var rig = new CameraRig(CameraRig.Options(server.Url, Pace.Live));
        await rig.StartAsync();
        await rig.UntilSizeAsync(320, 240);
        var reads = 0;
        server.Mangle = (_, count) => ++reads % 3 == 0 ? count / 2 : count;
        await rig.UntilAsync(loop => loop.TakeHealth().StreamDamages >= 3);
        await rig.UntilAsync(_ => rig.Log.Lines.Any(line => line.Contains("the stream was damaged", StringComparison.Ordinal)));
        for (var i = 0; i < 50; i++) rig.Take().Dispose();
        Assert.Equal((CameraState.Live, 0), (rig.Loop.State, rig.Loop.TakeHealth().Reconnects));
    }

    [Theory]
    [InlineData("Tcp")]
    [InlineData("Udp")]
    public async Task Lost_rtp_packets_are_counted_and_named_and_pictures_go_on(string transport)
    {
        var port = TestProcess.FreePort();
        await using var server = await RtspServer.StartAsync(port, Token, "--lose-every", "20", "--mtu", "300");
        await using var rig = new CameraRig(CameraRig.Options($"rtsp://127.0.0.1:{port}/cam0", Pace.Live) with { Transport = Enum.Parse<RtspTransport>(transport) });
        await rig.StartAsync();
        await rig.UntilAsync(loop => loop.TakeHealth().StreamDamages >= 3);
        for (var i = 0; i < 30; i++) rig.Take().Dispose();
        await rig.Log.SaysAsync("the stream was damaged");
        Assert.Equal((CameraState.Live, 0), (rig.Loop.State, rig.Loop.TakeHealth().Reconnects));
    }

    [Fact]
    public async Task A_size_that_changes_in_mid_stream_loses_no_picture()
    {
        using var folder = new TestFolder();
        var (first, second) = (Video(folder, "a.ts", "160x90"), Video(folder, "b.ts", "200x100"));
        await using var server = HttpCamera.StartShell("video/mp2t", _ => $"cat {first}; sleep 0.5; cat {second}; sleep 60");
        await using var rig = new CameraRig(CameraRig.Options(server.Url, Pace.Live) with { Policy = FramePolicy.EveryFrame });
        await rig.StartAsync();
        for (var i = 0; i < 40; i++)
        {
            using var frame = rig.Take();
            Assert.Equal((i < 25 ? (160, 90) : (200, 100), 1), ((frame.Width, frame.Height), frame.Connection));
        }
        Assert.Equal((1, 0), (rig.Loop.TakeHealth().GeometryChanges, rig.Loop.TakeHealth().Reconnects));
        Assert.Contains("Camera cam changed its pictures from 160x90 to 200x100", rig.Log.Lines);
        Assert.Equal((200, 100), (rig.Loop.Reported.Width, rig.Loop.Reported.Height));
    }

    [Fact]
    public async Task A_picture_that_is_turned_in_mid_stream_costs_one_connection_and_is_never_read_askew()
    {
        using var folder = new TestFolder();
        var (first, second) = (Video(folder, "a.ts", "160x90"), Video(folder, "b.ts", "90x160"));
        await using var server = HttpCamera.StartShell("video/mp2t", client => client == 1 ? $"cat {first}; sleep 0.5; cat {second}; sleep 60" : Live("90x160", "libx264"));
        await using var rig = new CameraRig(CameraRig.Options(server.Url, Pace.Live) with { Policy = FramePolicy.EveryFrame });
        using (var raw = Process.Start("ffmpeg", ["-loglevel", "error", "-i", first, "-pix_fmt", "yuv420p", "-f", "rawvideo", folder["raw"]])) await raw.WaitForExitAsync(Token);
        var known = (await File.ReadAllBytesAsync(folder["raw"], Token)).Chunk(160 * 90 * 3 / 2).Select(Convert.ToHexString).ToHashSet();
        await rig.StartAsync();
        while (true)
        {
            using var frame = rig.Take();
            if (frame.Connection == 2)
            {
                Assert.Equal((90, 160), (frame.Width, frame.Height));
                break;
            }
            Assert.Equal((160, 90), (frame.Width, frame.Height));
            Assert.Contains(Convert.ToHexString(frame.Picture.Data), known);
        }
        Assert.Equal(1, rig.Loop.TakeHealth().GeometryChanges);
        Assert.Contains(rig.Log.Lines, line => line.Contains("changed its pictures from 160x90 to 90x160; it is being connected again.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_codec_that_changes_in_mid_stream_costs_one_connection()
    {
        using var folder = new TestFolder();
        var (first, second) = (Video(folder, "a.ts", "160x90"), Video(folder, "b.ts", "160x90", "mpeg2video"));
        await using var server = HttpCamera.StartShell("video/mp2t", client => client == 1 ? $"cat {first}; sleep 0.5; cat {second}; sleep 60" : Live("160x90", "mpeg2video"));
        await using var rig = new CameraRig(CameraRig.Options(server.Url, Pace.Live) with { Policy = FramePolicy.EveryFrame, StaleAfter = TimeSpan.FromSeconds(0.5), LostAfter = TimeSpan.FromSeconds(1) });
        await rig.StartAsync();
        await Task.Run(() =>
        {
            while (true)
            {
                using var frame = rig.Take();
                if (frame.Connection == 2 && frame.Number == 20) return;
            }
        }, Token);
        Assert.Contains(rig.Log.Lines, line => line.StartsWith("Camera cam lost: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 0, "has sent no picture that can be used for 3 s")]
    [InlineData(16_384, 16_384, "sends pictures without pixels, or larger than max-megapixels allows")]
    public async Task Pictures_without_pixels_or_with_too_many_are_refused_in_a_sentence(int width, int height, string sentence)
    {
        using var folder = new TestFolder();
        var bad = folder["bad.mjpeg"];
        await File.WriteAllBytesAsync(bad, Jpeg(folder, width, height), Token);
        await using var server = HttpCamera.StartShell("video/x-motion-jpeg", _ => $"for i in $(seq 500); do cat {bad}; sleep 0.02; done");
        await using var rig = new CameraRig(CameraRig.Options(server.Url, Pace.Live) with { ConnectTimeout = TimeSpan.FromSeconds(3), InputArguments = ["-f", "mjpeg"] });
        await rig.StartAsync();
        await rig.UntilAsync(loop => loop.State == CameraState.Lost && loop.TakeHealth().Problem?.Contains(sentence, StringComparison.Ordinal) == true);
        Assert.Equal(0, rig.Loop.TakeHealth().FramesDropped);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(16_384, 16_384)]
    public async Task One_impossible_picture_in_between_is_counted_and_the_others_arrive(int width, int height)
    {
        using var folder = new TestFolder();
        var (good, bad) = (folder["good.mjpeg"], folder["bad.mjpeg"]);
        await File.WriteAllBytesAsync(good, Jpeg(folder, 64, 48), Token);
        await File.WriteAllBytesAsync(bad, Jpeg(folder, width, height), Token);
        await using var server = HttpCamera.StartShell("video/x-motion-jpeg", _ => $"for i in $(seq 500); do for j in 1 2 3 4 5 6; do cat {good}; sleep 0.02; done; cat {bad}; done");
        await using var rig = new CameraRig(CameraRig.Options(server.Url, Pace.Live) with { InputArguments = ["-f", "mjpeg"], FrozenAfter = TimeSpan.Zero });
        await rig.StartAsync();
        await rig.UntilAsync(loop => loop.TakeHealth().StreamDamages >= 2);
        for (var i = 0; i < 50; i++)
        {
            using var frame = rig.Take();
            Assert.Equal((64, 48), (frame.Width, frame.Height));
        }
        Assert.Equal(CameraState.Live, rig.Loop.State);
    }

    [Fact]
    public async Task Pictures_above_the_limit_of_the_configuration_are_refused_with_what_to_do()
    {
        using var folder = new TestFolder();
        await using var rig = new CameraRig(CameraRig.Options(CameraRig.Video(folder, "a.mp4", 5, "320x240"), Pace.Fast) with { MaxMegapixels = 0.05 });
        await rig.StartAsync();
        await rig.UntilAsync(loop => loop.State == CameraState.Lost && loop.TakeHealth().Problem?.Contains("raise max-megapixels", StringComparison.Ordinal) == true);
    }

    private static string Live(string size, string codec) => $"exec ffmpeg -loglevel error -nostdin -re -f lavfi -i testsrc=size={size}:rate=25 -c:v {codec} -g 10 -f mpegts pipe:1";

    /// <summary>A second of a moving picture as MPEG-TS.</summary>
    private static string Video(TestFolder folder, string name, string size, string codec = "libx264") =>
        CameraRig.Video(folder, name, 25, size, codec);

    /// <summary>A JPEG whose header says another size than it has.</summary>
    private static byte[] Jpeg(TestFolder folder, int width, int height)
    {
        using (var ffmpeg = Process.Start("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1", "-f", "mjpeg", "-y", folder["one.jpg"]])) ffmpeg.WaitForExit();
        var jpeg = File.ReadAllBytes(folder["one.jpg"]);
        var frame = jpeg.AsSpan().IndexOf([(byte)0xFF, (byte)0xC0]);
        (jpeg[frame + 5], jpeg[frame + 6], jpeg[frame + 7], jpeg[frame + 8]) = ((byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width);
        return jpeg;
    }
}
