using CvOps.Agent.Capture;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Capture;

/// <summary>Each gets one sentence that says what to do, and costs nothing else.</summary>
[Trait("tier", "integration")]
public sealed class BadCameraTests
{
    [Fact]
    public async Task Without_ffmpeg_the_camera_says_how_to_install_it()
    {
        using var empty = new TestFolder();
        await using var rig = new CameraRig(CameraRig.Options("a.mp4", Pace.Fast), searchPath: empty.Path);
        await Says(rig, "ffmpeg was not found on the PATH: apt-get install ffmpeg");
    }

    [Fact]
    public async Task A_file_that_is_not_there()
    {
        await using var rig = new CameraRig(CameraRig.Options("/no/such/video.mp4", Pace.Fast));
        await Says(rig, "/no/such/video.mp4 does not exist.");
    }

    [Fact]
    public async Task A_file_that_is_no_video()
    {
        using var folder = new TestFolder();
        var noise = new byte[100_000];
        new Random(5).NextBytes(noise);
        await File.WriteAllBytesAsync(folder["noise.mp4"], noise, TestContext.Current.CancellationToken);
        await using var rig = new CameraRig(CameraRig.Options(folder["noise.mp4"], Pace.Fast));
        await Says(rig, "is no video that ffmpeg can read");
    }

    [Theory]
    [InlineData("rtsp")]
    [InlineData("http")]
    public async Task A_camera_that_is_switched_off(string scheme)
    {
        await using var rig = new CameraRig(CameraRig.Options($"{scheme}://user:secret@127.0.0.1:{TestProcess.FreePort()}/cam", Pace.Live));
        await Says(rig, "refused the connection");
    }

    [Fact]
    public async Task A_server_that_takes_the_connection_and_says_nothing()
    {
        using var mute = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        mute.Start();
        await using var rig = new CameraRig(CameraRig.Options($"rtsp://{mute.LocalEndpoint}/cam", Pace.Live) with { ConnectTimeout = TimeSpan.FromSeconds(1) });
        await Says(rig, "has sent no frame for 1 s: check camera and network.");
    }

    private static async Task Says(CameraRig rig, string sentence)
    {
        if (TestProcess.Find("ffmpeg") is null) Skip.Because("ffmpeg is not installed: apt-get install ffmpeg");
        await rig.StartAsync();
        await rig.UntilAsync(loop => loop.State == CameraState.Lost && loop.TakeHealth().Problem?.Contains(sentence, StringComparison.Ordinal) == true);
        Assert.DoesNotContain("secret", rig.Loop.TakeHealth().Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", rig.Loop.Reported.Source, StringComparison.Ordinal);
    }
}
