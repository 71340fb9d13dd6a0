using System.Globalization;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Host;

/// <summary>What an agent of before left on its device is taken up by this one, nothing of it lost.</summary>
[Trait("tier", "integration")]
public sealed class EarlierStateTests
{
    private static readonly DeviceId Device = new("device-1");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("schema-26", 13)]
    public async Task The_agent_goes_on_with_the_model_and_sends_what_waited(string state, int waiting)
    {
        using var folder = new TestFolder();
        EarlierState.Unpack(state, folder.Path);
        await using var broker = await TestBroker.StartTlsAsync(Token);
        var topics = new Topics(new SiteId("plant-a"), Device);
        using var fleet = new FleetSide(broker, topics);
        await fleet.ListenAsync(Token);
        var identity = broker.Authority.IssueDevice(Device).Save(folder["identity"], "device");
        var yaml = folder["agent.yaml"];
        await File.WriteAllTextAsync(yaml, string.Create(CultureInfo.InvariantCulture, $"""
            site: plant-a
            device: {Device}
            data: '{folder["device"]}'
            link:
              brokers: ['mqtts://localhost:{broker.Port}']
              ca: '{broker.Authority.CertificatePath}'
              certificate: '{identity.Certificate}'
              key: '{identity.Key}'
            model:
              trusted-keys: '{folder["trusted-keys"]}'
            cameras:
              - id: cam-1
                url: http://127.0.0.1:9/none
            """), Token);

        await using var agent = TestProcess.StartAssembly(AgentRig.Assembly, ["--config", yaml]);
        await agent.WaitForOutputAsync("Spool opened for boot 2", AgentRig.Deadline, Token);
        await Eventually.Async(() => agent.HasExited ? throw new InvalidOperationException(agent.Output) : OfBefore(fleet, topics).Length == waiting, AgentRig.Deadline, () => $"{OfBefore(fleet, topics).Length} messages; {agent.Output}", Token);
        var sequences = OfBefore(fleet, topics);
        Assert.Equal(sequences.Order(), sequences);
        Assert.Equal(waiting, sequences.Distinct().Count());
        await using var status = TestProcess.StartAssembly(AgentRig.Assembly, ["status", "--config", yaml]);
        Assert.Equal(0, await status.WaitForExitAsync(AgentRig.Deadline, Token));
        Assert.Contains("line v1 (", status.Output, StringComparison.Ordinal);
        Assert.Contains("Committed", status.Output, StringComparison.Ordinal);
    }

    private static long[] OfBefore(FleetSide fleet, Topics topics) =>
        [.. fleet.On(topics.Drift(new CameraId("cam-1")), ContractsJson.Default.DriftWindow).Where(window => window.Origin.Boot == 1).Select(window => window.Origin.Sequence)];
}
