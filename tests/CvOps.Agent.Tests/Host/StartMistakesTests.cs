using System.Net;
using System.Net.Sockets;
using CvOps.Agent.Tests.Update;
using CvOps.Agent.Update;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Host;

/// <summary>What a person at the machine reads when something is wrong, and with which code the program ends.</summary>
[Trait("tier", "integration"), Collection("agent process")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class StartMistakesTests
{
    private const int WrongConfiguration = 78;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_mistakes_are_five_sentences()
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder["agent.yaml"], """
            site: plant a
            device: press-1
            link:
              brokers: ['mqtt://127.0.0.1:1883']
            cameras:
              - id: cam-1
                ulr: rtsp://10.0.0.1/stream
              - id: cam-2
                url: rtsp://10.0.0.2/stream
                pace: slow
            inference:
              threads: many
            """, Token);
        var (code, said, _) = await RunAsync("--config", folder["agent.yaml"]);
        Assert.Equal(WrongConfiguration, code);
        Assert.Equal(5, said.Length);
        Assert.All(said, sentence => Assert.Matches(@"agent\.yaml: line \d+, [a-z]", sentence));
    }

    [Theory]
    [InlineData("--config")]
    [InlineData("--config", "/no/such/agent.yaml")]
    [InlineData("--bogus")]
    public async Task A_wrong_command_line_is_one_sentence(params string[] arguments)
    {
        var (code, said, _) = await RunAsync(arguments);
        Assert.Equal(WrongConfiguration, code);
        Assert.Single(said);
    }

    [Theory]
    [InlineData("port", "health.listen")]
    [InlineData("address", "health.listen")]
    [InlineData("package", "model.package")]
    [InlineData("signer", "unknown key")]
    [InlineData("data", "data")]
    [InlineData("key", "link.key: the private key")]
    [InlineData("chip", "actuation[0]: There is no GPIO chip /dev/gpiochip217")]
    public async Task What_only_the_start_finds_out_is_one_sentence_and_no_stack(string what, string part)
    {
        await using var rig = await AgentRig.CreateAsync();
        using var busy = new TcpListener(IPAddress.Loopback, rig.HealthPort);
        var configuration = rig.Configure();
        switch (what)
        {
            case "port":
                busy.Start();
                break;
            case "address":
                await ReplaceAsync(configuration, "listen: 127.0.0.1", "listen: 192.0.2.1");
                break;
            case "key":
                File.SetUnixFileMode(rig.DeviceKey, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
                break;
            case "package":
                UpdateRig.Flip(rig.Package);
                break;
            case "signer":
                using (var stranger = SigningKeys.Create()) rig.Packages.Publish("v1", stranger);
                break;
            case "chip":
                await File.AppendAllTextAsync(configuration, "\nactuation:\n  - { camera: cam-1, chip: 217, fail-safe: { pin: 3 } }\n", Token);
                break;
            case "data":
                await ReplaceAsync(configuration, $"data: '{rig.Packages.Data}'", $"data: '{configuration}/data'");
                break;
        }
        var (code, said, output) = await RunAsync("--config", configuration);
        Assert.Equal(WrongConfiguration, code);
        Assert.Contains(part, Assert.Single(said), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("crit:", output, StringComparison.Ordinal);
        // A mistake of a person is nothing the model in charge has to answer for.
        if (what != "data") Assert.Equal(0, UpdateJournal.Open(rig.Packages.Journal).Current.UnprovenStarts);
    }

    [Fact]
    public async Task Told_to_stop_while_it_starts_it_stops_with_0()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var agent = rig.Start();
        await agent.Process.WaitForOutputAsync("is in charge", Deadline, Token);
        Assert.Equal(0, await agent.Process.StopAsync(Deadline, Token));
        Assert.DoesNotContain("   at ", agent.Process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_ffmpeg_the_agent_lives_and_says_how_to_install_it()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var agent = rig.Start(new Dictionary<string, string?> { ["PATH"] = "" });
        await rig.UntilAsync(() => rig.Fleet.Healths is [.., { Cameras: [{ State: CameraState.Lost, Problem: "ffmpeg was not found on the PATH: apt-get install ffmpeg" }] }], agent);
        Assert.DoesNotContain("   at ", agent.Process.Output, StringComparison.Ordinal);
        Assert.Equal(0, await agent.Process.StopAsync(Deadline, Token));
    }

    [Fact]
    public async Task Cameras_that_do_not_answer_say_why_and_cost_the_others_nothing()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        await using var rig = await AgentRig.CreateAsync();
        rig.Cameras += $$"""

              - { id: off, url: 'rtsp://user:secret@127.0.0.1:{{TestProcess.FreePort()}}/a' }
              - { id: mute, url: 'rtsp://{{mute.LocalEndpoint}}/a', connect-timeout-seconds: 1 }
            """;
        await using var agent = await rig.StartInspectingAsync();
        await Says("off", "refused the connection");
        await Says("mute", "has sent no frame for 1 s");
        await rig.UntilAsync(() => rig.Fleet.Healths[^1].Cameras[0] is { State: CameraState.Live, Problem: null, Fps: > 5 }, agent, () => $"{rig.Fleet.Healths[^1].Cameras[0]}");
        Assert.DoesNotContain("secret", agent.Process.Output, StringComparison.Ordinal);

        Task Says(string camera, string part) => rig.UntilAsync(
            () => rig.Fleet.Healths.Any(health => health.Cameras.Any(it => it.Camera.Value == camera && it.Problem?.Contains(part, StringComparison.Ordinal) == true)), agent);
    }

    private static async Task ReplaceAsync(string path, string old, string text)
    {
        var before = await File.ReadAllTextAsync(path, Token);
        Assert.Contains(old, before, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, before.Replace(old, text, StringComparison.Ordinal), Token);
    }

    /// <returns>The exit code, the lines of standard error, and standard output.</returns>
    private static async Task<(int Code, string[] Error, string Output)> RunAsync(params string[] arguments)
    {
        using var folder = new TestFolder();
        await using var agent = TestProcess.Start("/bin/sh", ["-c", "exec \"$@\" 2>\"$0\"", folder["error"], TestProcess.DotNet, "exec", AgentRig.Assembly, .. arguments]);
        var code = await agent.WaitForExitAsync(Deadline, Token);
        return (code, await File.ReadAllLinesAsync(folder["error"], Token), agent.Output);
    }
}
