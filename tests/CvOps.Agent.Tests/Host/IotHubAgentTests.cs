using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Agent.Tests.Capture;
using CvOps.Agent.Tests.Update;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using CvOps.Testing.IotHub;

namespace CvOps.Agent.Tests.Host;

/// <summary>The program itself with <c>link: iothub</c>: a hub, a video and a model.</summary>
[Trait("tier", "integration"), Collection("agent process")]
public sealed class IotHubAgentTests : IAsyncLifetime
{
    private const string Device = "press-1";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(8);

    private FakeIotHub _hub = null!;
    private UpdateRig _packages = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _hub = await FakeIotHub.StartAsync(files: true, Token);
        _packages = await UpdateRig.CreateAsync();
        _packages.Publish("v1");
    }

    public async ValueTask DisposeAsync()
    {
        if (_packages is not null) await _packages.DisposeAsync();
        if (_hub is not null) await _hub.DisposeAsync();
    }

    [Fact]
    public async Task Inspections_go_up_and_a_desired_model_and_direct_methods_come_down()
    {
        await using var agent = Start("160x90");
        await UntilAsync(() => Inspections().Count > 10, agent);
        Assert.All(Inspections(), it => Assert.Equal(("v1", null), (it.Model.Version, it.Error)));
        await UntilAsync(() => (string?)_hub.Reported(Device)["model"]?["active"]?["version"] == "v1" && (int?)_hub.Reported(Device)["cameras"]?[0]?["width"] == 160, agent);

        var wish = _packages.Publish("v22");
        var version = await _hub.DesireAsync(Device, new JsonObject { ["model"] = JsonSerializer.SerializeToNode(wish, ContractsJson.Default.DesiredModel) });
        await UntilAsync(() => Inspections()[^1].Model.Version == "v22", agent);
        await UntilAsync(() => (string?)_hub.Reported(Device)["model"]?["state"] == nameof(UpdateState.Committed) && (long?)_hub.Reported(Device)["desiredVersion"] == version, agent);

        var (status, answer) = await _hub.InvokeAsync(Device, "ping", "{}", Deadline, Token);
        Assert.Equal((200, "The agent is here."), (status, JsonSerializer.Deserialize(answer, ContractsJson.Default.CommandResponse)!.Message));
        (status, answer) = await _hub.InvokeAsync(Device, "restart-camera", """{"camera":"cam-9"}""", Deadline, Token);
        Assert.Equal(409, status);
        Assert.StartsWith("There is no camera 'cam-9'", JsonSerializer.Deserialize(answer, ContractsJson.Default.CommandResponse)!.Message, StringComparison.Ordinal);

        Assert.Equal(0, await agent.StopAsync(StopDeadline, Token));
        await Eventually.Async(() => !_hub.IsConnected(Device), Deadline, () => agent.Output, Token);
        Assert.DoesNotContain("fail:", agent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_is_away_and_then_throttles_gets_every_frame_and_the_large_ones_as_files()
    {
        await using var agent = Start("1280x720", """
            sampling:
              audit-probability: 0.05
              window-seconds: 1
              frames-per-hour: 7200
              jpeg-quality: 100
            """);
        await UntilAsync(() => Inspections().Count > 5, agent);
        _hub.GoAway();
        await agent.WaitForOutputAsync("No connection to the IoT hub 127", Deadline, Token);
        var before = Inspections().Count;
        await Task.Delay(TimeSpan.FromSeconds(2), Token);
        _hub.AckDelay = TimeSpan.FromMilliseconds(2);
        _hub.ThrottleTwins(1);
        _hub.DropAfter = 200;
        _hub.ComeBack();
        await UntilAsync(() => Inspections().Count > before + 60, agent);
        await UntilAsync(() => _hub.Files.Count > 0, agent);

        var file = _hub.Files.First();
        Assert.StartsWith($"{Device}/frame/cam-1/", file.Name, StringComparison.Ordinal);
        Assert.Equal((1280, 720), JsonSerializer.Deserialize(file.Body, ContractsJson.Default.SampledFrame) is { } frame ? (frame.Width, frame.Height) : default);
        Assert.Equal(0, await agent.StopAsync(StopDeadline, Token));
        var frames = Inspections().Select(it => it.Frame).Distinct().Order().ToArray();
        Assert.Equal(Enumerable.Range(0, frames.Length).Select(number => (long)number), frames);
    }

    private List<InspectionReport> Inspections() =>
        [.. _hub.Messages.Where(it => it.Properties["kind"] == "inspection").Select(it => JsonSerializer.Deserialize(it.Body, ContractsJson.Default.InspectionReport)!)];

    private Task UntilAsync(Func<bool> condition, TestProcess agent) => Eventually.Async(
        () => condition() || (agent.HasExited ? throw new InvalidOperationException($"The agent ended with {agent.ExitCode}: {agent.Output}") : false),
        Deadline, () => $"{Inspections().Count} inspections, {_hub.Files.Count} files, {_hub.Connects} connects; {string.Join(", ", _hub.Messages.GroupBy(it => it.Properties["kind"]).Select(it => $"{it.Count()} {it.Key} of at most {it.Max(one => one.Body.Length)} bytes"))}; the agent says: {agent.Output}", Token);

    private TestProcess Start(string size, string more = "")
    {
        var connection = _packages.Folder["iothub.connection"];
        PemFile.WriteKey(connection, _hub.AddDevice(Device));
        var video = CameraRig.Video(_packages.Folder, "line.mp4", 50, size, source: "mandelbrot");
        var path = _packages.Folder["agent.yaml"];
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $$"""
            site: plant
            device: {{Device}}
            data: '{{_packages.Data}}'
            link:
              iothub: { connection-string: '{{connection}}' }
              ca: '{{_hub.AuthorityFile}}'
              longest-pause-seconds: 0.3
            cameras:
              - { id: cam-1, url: '{{video}}', pace: file, loop: true }
            model:
              trusted-keys: '{{_packages.Folder["keys"]}}'
              package: '{{_packages.Folder["v1.cvmodel"]}}'
            inference:
              gpu: false
            update:
              soak-frames: 5
              soak-seconds: 0
              download-attempts: 1
            health:
              listen: off
              interval-seconds: 1
            {{more}}
            """));
        return TestProcess.StartAssembly(AgentRig.Assembly, ["--config", path]);
    }
}
