using CvOps.Agent.Tests.Host;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Commands;

/// <summary>Commands through a real broker to the real program.</summary>
[Trait("tier", "integration"), Collection("agent process")]
public sealed class CommandTests : IAsyncLifetime
{
    private AgentRig _rig = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _rig = await AgentRig.CreateAsync();

    public ValueTask DisposeAsync() => _rig is null ? ValueTask.CompletedTask : _rig.DisposeAsync();

    [Fact]
    public async Task A_command_is_done_once_and_a_camera_can_be_restarted()
    {
        await using var agent = await _rig.StartInspectingAsync();
        Assert.True((await AskAsync(agent, Make("c1", "ping"))).Succeeded);
        Assert.Contains("done before", (await AskAsync(agent, Make("c1", "ping"), 2)).Message, StringComparison.Ordinal);
        Assert.Contains("expired", (await AskAsync(agent, Make("c2", "ping") with { ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(-1) })).Message, StringComparison.Ordinal);
        Assert.Contains("knows no command 'dance'", (await AskAsync(agent, Make("c3", "dance"))).Message, StringComparison.Ordinal);
        Assert.Contains("There is no camera 'cam-9'; there are cam-1", (await AskAsync(agent, Make("c4", "restart-camera", "cam-9"))).Message, StringComparison.Ordinal);

        var child = Assert.Single(agent.Children());
        Assert.True((await AskAsync(agent, Make("c5", "restart-camera", "cam-1"))).Succeeded);
        await _rig.UntilAsync(() => _rig.Fleet.Inspections()[^1].Connection == 2, agent);
        Assert.NotEqual(child, Assert.Single(agent.Children()));
        Assert.Equal(0, _rig.Fleet.Inspections().First(it => it.Connection == 2).Frame);
        await _rig.UntilAsync(() => _rig.Fleet.Healths[^1].Cameras[0] is { State: CameraState.Live, Reconnects: 1 }, agent);

        // The id was on disk before the command was done: neither kill -9 nor a second delivery does it twice.
        await agent.KillAloneAsync();
        await using var second = _rig.Start();
        await _rig.UntilAsync(() => _rig.Fleet.Origins(2).Length > 0, second);
        Assert.Contains("done before", (await AskAsync(second, Make("c5", "restart-camera", "cam-1"), 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_agents_log_can_be_read_from_afar_by_how_bad_it_is_and_by_its_newest_lines()
    {
        await using var agent = await _rig.StartInspectingAsync();
        var all = (await AskAsync(agent, Make("c1", "log"))).Log!;
        Assert.Contains(all, line => line is { Source: "UplinkLoop" or "MqttFleetLink" or "LinkLoop" or "ModelStart" or "CameraLoop", Severity: LogSeverity.Information });
        Assert.Equal(all.OrderBy(line => line.At), all);
        Assert.Equal(2, (await AskAsync(agent, Ask("c2", ("lines", "2")))).Log!.Count);
        Assert.True((await AskAsync(agent, Make("c3", "restart-camera", "cam-1"))).Succeeded);
        // What was asked before is in the log, too.
        Assert.Contains("restart-camera", (await AskAsync(agent, Ask("c4", ("lines", "5")))).Log!.Select(line => line.Message).First(message => message.Contains("c3", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.DoesNotContain((await AskAsync(agent, Ask("c5", ("severity", "warning")))).Log!, line => line.Severity == LogSeverity.Information);
        Assert.Contains("is not 1 to 500", (await AskAsync(agent, Ask("c6", ("lines", "501")))).Message, StringComparison.Ordinal);
        Assert.Contains("none of Information, Warning", (await AskAsync(agent, Ask("c7", ("severity", "loud")))).Message, StringComparison.Ordinal);

        static Command Ask(string id, (string Name, string Value) argument) => Make(id, "log") with { Arguments = new Dictionary<string, string> { [argument.Name] = argument.Value } };
    }

    [Fact]
    public async Task A_command_that_is_not_what_its_topic_says_is_not_done()
    {
        await using var agent = await _rig.StartInspectingAsync();
        await _rig.Fleet.SayAsync(AgentRig.Topics.Command("ping"), Make("c1", "restart-camera", "cam-1"), ContractsJson.Default.Command, retain: false, Token);
        await agent.Process.WaitForOutputAsync("command/ping can't be read", AgentRig.Deadline, Token);
        Assert.True((await AskAsync(agent, Make("c2", "ping"))).Succeeded);
        Assert.Empty(Answers("c1"));
    }

    [Fact]
    public async Task A_command_that_is_not_the_fleets_is_refused_and_both_sides_hear_of_it()
    {
        await using var agent = await _rig.StartInspectingAsync();
        var authority = _rig.Broker.Authority;
        using var fleet = authority.IssueClient(CertificateAuthority.FleetName).ToX509();
        using var device = authority.IssueDevice(new DeviceId("press-2")).ToX509();
        using var elsewhere = new TestFolder();
        using var foreign = CertificateAuthority.Create(elsewhere.Path);
        using var forger = foreign.IssueClient(CertificateAuthority.FleetName).ToX509();
        await RefusedAsync("not signed", Make("f1", "restart-camera", "cam-1"));
        await RefusedAsync("signed by 'press-2'", CommandProof.Sign(Make("f2", "restart-camera", "cam-1"), AgentRig.Device, device));
        await RefusedAsync("does not come from this fleet's authority", CommandProof.Sign(Make("f3", "restart-camera", "cam-1"), AgentRig.Device, forger));
        await RefusedAsync("command to another device", CommandProof.Sign(Make("f4", "restart-camera", "cam-1"), new DeviceId("press-2"), fleet));
        await RefusedAsync("not of what it says", CommandProof.Sign(Make("f5", "restart-camera", "cam-1"), AgentRig.Device, fleet) with { ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(30) });
        await RefusedAsync("not of what it says", CommandProof.Sign(Make("f6", "restart-camera", "cam-2"), AgentRig.Device, fleet) with { Arguments = new Dictionary<string, string> { ["camera"] = "cam-1" } });
        await RefusedAsync("is none", Make("f7", "restart-camera", "cam-1") with { Signature = new CommandSignature([1, 2], [3]) });
        Assert.Equal(0, _rig.Fleet.Healths[^1].Cameras[0].Reconnects);
        // A refused id is not spent: nobody keeps a command of the fleet from being done by naming it first.
        Assert.True((await AskAsync(agent, Make("f1", "ping"), 2)).Succeeded);
        var lines = await File.ReadAllLinesAsync(Path.Combine(_rig.Packages.Data, "command-audit.jsonl"), Token);
        Assert.Equal(8, lines.Length);
        Assert.Contains("not signed", lines[0], StringComparison.Ordinal);

        async Task RefusedAsync(string part, Command command)
        {
            await _rig.Fleet.SayAsync(AgentRig.Topics.Command(command.Name), command, ContractsJson.Default.Command, retain: false, Token);
            await _rig.UntilAsync(() => Answers(command.Id).Count > 0, agent, () => command.ToString());
            Assert.False(Answers(command.Id)[0].Succeeded);
            Assert.Contains(part, Answers(command.Id)[0].Message, StringComparison.Ordinal);
        }
    }

    private static Command Make(string id, string name, string? camera = null) =>
        new(id, name, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddMinutes(1), "test", camera is null ? null : new Dictionary<string, string> { ["camera"] = camera });

    private IReadOnlyList<CommandResponse> Answers(string id) => _rig.Fleet.On(AgentRig.Topics.Response(id), ContractsJson.Default.CommandResponse);

    /// <returns>The answer, which is this command's so-manieth.</returns>
    private async Task<CommandResponse> AskAsync(AgentProcess agent, Command command, int answer = 1)
    {
        await _rig.Fleet.CommandAsync(command, Token);
        await _rig.UntilAsync(() => Answers(command.Id).Count >= answer, agent, () => command.ToString());
        Assert.Equal(AgentRig.Device, Answers(command.Id)[answer - 1].Device);
        return Answers(command.Id)[answer - 1];
    }
}
