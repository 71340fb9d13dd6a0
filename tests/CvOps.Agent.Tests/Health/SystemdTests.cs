using System.Net.Sockets;
using System.Text;
using CvOps.Agent.Capture;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using CvOps.Agent.Tests.Capture;
using CvOps.Agent.Tests.Host;
using CvOps.Testing;
using Microsoft.Extensions.Hosting.Systemd;

namespace CvOps.Agent.Tests.Health;

/// <summary>What the service manager hears on its socket.</summary>
[Trait("tier", "integration"), Collection("agent process")]
public sealed class SystemdTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_program_says_ready_with_its_model_then_pings_while_frames_move_and_says_goodbye()
    {
        await using var rig = await AgentRig.CreateAsync();
        using var manager = Listen(rig.Packages.Folder["notify"]);
        // The agent asks for the name of its parent: a shell under another name.
        var systemd = rig.Packages.Folder["systemd"];
        File.CreateSymbolicLink(systemd, "/bin/sh");
        var process = TestProcess.Start(systemd, ["-c", "\"$0\" exec \"$@\" & echo \"agent $!\"; wait $!", TestProcess.DotNet, AgentRig.Assembly, "--config", rig.Configure()],
            new Dictionary<string, string?> { ["NOTIFY_SOCKET"] = rig.Packages.Folder["notify"], ["WATCHDOG_USEC"] = "600000" });
        await using var agent = new AgentProcess(rig, process);
        Assert.Equal("READY=1", await ReceiveAsync(manager));
        Assert.Contains("is in charge", process.Output, StringComparison.Ordinal);
        Assert.StartsWith("WATCHDOG=1\n", await ReceiveAsync(manager), StringComparison.Ordinal);
        await rig.ArrivedAsync(30, agent);
        Assert.StartsWith("WATCHDOG=1\n", await ReceiveAsync(manager), StringComparison.Ordinal);

        Assert.NotEmpty(PrometheusParser.Parse(await agent.MetricsAsync()));
        using var http = new HttpClient();
        Assert.Contains("plant / press-1", await http.GetStringAsync($"http://127.0.0.1:{rig.HealthPort}/", Token), StringComparison.Ordinal);

        var id = process.Output.Split('\n').First(line => line.StartsWith("agent ", StringComparison.Ordinal))["agent ".Length..];
        using (var kill = System.Diagnostics.Process.Start("kill", ["-TERM", id])) await kill.WaitForExitAsync(Token);
        string said;
        do said = await ReceiveAsync(manager);
        while (said.StartsWith("WATCHDOG=1\n", StringComparison.Ordinal));
        Assert.Equal("STOPPING=1", said);
        Assert.Equal(0, await process.WaitForExitAsync(AgentRig.Deadline, Token));
    }

    [Theory]
    [InlineData("4711", true)]
    [InlineData("4712", false)]
    [InlineData("", false)]
    [InlineData("x", false)]
    [InlineData(null, false)]
    public void Whom_systemd_started_it_says_by_a_variable(string? variable, bool started) => Assert.Equal(started, ServiceManager.Started(variable, 4711));

    [Fact]
    public async Task Ready_is_said_although_the_manager_s_process_is_hidden()
    {
        await using var rig = await AgentRig.CreateAsync();
        using var manager = Listen(rig.Packages.Folder["notify"]);
        // The parent is no systemd by its name; the shell gives its number away to the agent.
        var process = TestProcess.Start("/bin/sh", ["-c", "export SYSTEMD_EXEC_PID=$$; exec \"$0\" exec \"$@\"", TestProcess.DotNet, AgentRig.Assembly, "--config", rig.Configure()],
            new Dictionary<string, string?> { ["NOTIFY_SOCKET"] = rig.Packages.Folder["notify"], ["WATCHDOG_USEC"] = "600000" });
        await using var agent = new AgentProcess(rig, process);
        Assert.Equal("READY=1", await ReceiveAsync(manager));
        Assert.StartsWith("WATCHDOG=1\n", await ReceiveAsync(manager), StringComparison.Ordinal);
        using (var kill = System.Diagnostics.Process.Start("kill", ["-TERM", $"{process.Id}"])) await kill.WaitForExitAsync(Token);
        Assert.Equal(0, await process.WaitForExitAsync(AgentRig.Deadline, Token));
    }

    // A live camera's queue goes on displacing frames while nobody takes any.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frames_that_nobody_takes_silence_the_ping_and_a_lost_camera_does_not(bool displaces)
    {
        using var folder = new TestFolder();
        var video = CameraRig.Video(folder, "line.mp4", 25);
        await using var rig = new CameraRig(CameraRig.Options(video, Pace.Fast) with { Policy = displaces ? FramePolicy.Freshest : FramePolicy.EveryFrame, Loop = true });
        await using var lost = new CameraRig(CameraRig.Options(folder["no.mp4"], Pace.Fast));
        using var manager = Listen(folder["notify"]);
        using var slots = new ModelSlots();
        var time = new ManualTime();
        var said = new HeardLog();
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", folder["notify"]);
        Environment.SetEnvironmentVariable("WATCHDOG_USEC", "2000000");
        try
        {
            using var watchdog = new FrameProgressWatchdog([rig.Loop, lost.Loop], slots, time, said.For<FrameProgressWatchdog>(), new SystemdNotifier());
            await rig.StartAsync();
            await lost.StartAsync();
            await rig.UntilAsync(loop => loop.State == CvOps.Contracts.Telemetry.CameraState.Live);
            await lost.UntilAsync(loop => loop.State == CvOps.Contracts.Telemetry.CameraState.Lost);
            await rig.UntilAsync(loop => loop.Lane.Meter.FramesInHand > 0);
            await watchdog.StartAsync(Token);
            await Eventually.Async(() => time.PendingTimers > 0, CameraRig.Deadline, () => "no timer", Token);

            time.Advance(TimeSpan.FromSeconds(0.5));
            await Eventually.Async(() => said.Lines.Any(line => line.Contains("Frames of cam wait", StringComparison.Ordinal)), AgentRig.Deadline, () => string.Join('\n', said.Lines), Token);
            Assert.Equal(0, manager.Available);
            rig.Take().Dispose();
            rig.Loop.Lane.Meter.Inspected(1, failed: false);
            time.Advance(TimeSpan.FromSeconds(0.5));
            Assert.Equal("WATCHDOG=1\nSTATUS=No model is in charge: nothing is inspected; 1 of 2 cameras live, 1 lost", await ReceiveAsync(manager));
            await watchdog.StopAsync(Token);
        }
        finally
        {
            Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
            Environment.SetEnvironmentVariable("WATCHDOG_USEC", null);
        }
    }

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static async Task<string> ReceiveAsync(Socket manager)
    {
        var buffer = new byte[256];
        var length = await manager.ReceiveAsync(buffer, Token).AsTask().WaitAsync(AgentRig.Deadline, Token);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
