using System.Globalization;
using System.Text;
using CvOps.Agent.Link;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;

namespace CvOps.Agent.Tests.Link;

/// <summary>A broker acknowledges what it has in memory; a real mosquitto that is killed before it has saved has lost it.</summary>
public sealed class BrokerMemoryTests
{
    private const int Messages = 50;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_killed_broker_had_acknowledged_and_neither_delivered_nor_saved_is_sent_again()
    {
        await using var broker = await TestBroker.StartWithAsync((port, data) =>
            string.Create(CultureInfo.InvariantCulture, $"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {data}/\nautosave_interval 1800\n"), Token);
        var (fleet, heard) = await LinkRig.ListenAsync(broker);
        using var _ = fleet;
        await fleet.DisconnectAsync(cancellationToken: Token);
        // The fleet's session is on the broker's disk; what comes from now on is in its memory alone.
        await broker.SaveAsync(Token);

        using var folder = new TestFolder();
        await using var rig = new LinkRig(LinkRig.Plain(LinkRig.Address("mqtt", broker.Port)));
        await using var spool = new SpoolLog(folder["spool"], LinkRig.Device, 64 << 20, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        using var uplink = new UplinkLoop(spool, rig.Link, TimeProvider.System, NullLogger<UplinkLoop>.Instance, durableAfter: TimeSpan.FromMinutes(10));
        await uplink.StartAsync(Token);
        for (var number = 0; number < Messages; number++) await AppendAsync(spool, number);
        // Acknowledged in the order in which they were sent, and this is sent after them.
        await Eventually.Async(async () => (await rig.Link.SendAsync(LinkRig.Own.Health, "{}"u8.ToArray(), 0, Token)).Verdict == PublishVerdict.Acknowledged && uplink.Held == Messages,
            LinkRig.Deadline, () => $"{uplink.Held} held, {rig.Link.Problem}", Token);

        await broker.KillAsync();
        await broker.RestartAsync(Token);
        await rig.ConnectedAsync();
        await AppendAsync(spool, Messages);
        await Eventually.Async(() => uplink.Held == Messages + 1, LinkRig.Deadline, () => $"{uplink.Held} held, {rig.Link.Problem}", Token);
        await fleet.ReconnectAsync(Token);
        await Eventually.Async(() => heard.Distinct().Count() == Messages + 1, LinkRig.Deadline, () => $"{heard.Distinct().Count()} heard", Token);
        await uplink.StopAsync(Token);
    }

    private static async Task AppendAsync(SpoolLog spool, int number) => Assert.Equal(AppendOutcome.Stored,
        await spool.AppendAsync(LinkRig.Own.Inspection(new CameraId("a")), _ => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)), Token));
}
