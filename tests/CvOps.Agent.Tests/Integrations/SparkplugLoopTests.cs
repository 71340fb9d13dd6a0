using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using CvOps.Agent.Integrations.Sparkplug;
using CvOps.Agent.Link;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Protocol;

namespace CvOps.Agent.Tests.Integrations;

/// <summary>A SCADA host's view of a node, over a real broker.</summary>
public sealed class SparkplugLoopTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly byte[] Rebirth = Convert.FromBase64String("CAESGgoUTm9kZSBDb250cm9sL1JlYmlydGggC3AB");
    private readonly ConcurrentQueue<SparkplugMessage> _heard = new();
    private DeviceHealth? _health = SparkplugMachineTests.Health(rejects: 1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_sees_birth_data_rebirth_and_death()
    {
        await using var broker = await TestBroker.StartAsync("", Token);
        using var host = await HostAsync(broker);
        using var node = Node(broker.Port);
        await node.StartAsync(Token);
        await HeardAsync("DBIRTH", 1);

        Volatile.Write(ref _health, SparkplugMachineTests.Health(rejects: 2));
        await HeardAsync("DDATA", 1);
        await host.PublishBinaryAsync("spBv1.0/plant-a/NCMD/press-1", [1, 2, 3], MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
        await host.PublishBinaryAsync("spBv1.0/plant-a/NCMD/press-1", Rebirth, MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
        await HeardAsync("DBIRTH", 2);
        await node.StopAsync(Token);
        await HeardAsync("NDEATH", 1);

        Assert.Equal(["NBIRTH", "DBIRTH", "DDATA", "NBIRTH", "DBIRTH", "NDEATH"], _heard.Select(Kind));
        var read = await SparkplugMachineTests.DecodeAsync(_heard);
        Assert.Equal(["seq=0", "seq=1", "seq=2", "seq=0", "seq=1", "seq=-"], read.Select(line => line.Split('|')[0]));
        Assert.All([read[0], read[3], read[5]], line => Assert.Contains("|bdSeq:UInt64=7", line, StringComparison.Ordinal));
        Assert.EndsWith("|Rejects:UInt64=2", read[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_cut_off_is_declared_dead_and_comes_back_with_the_next_bdSeq()
    {
        await using var broker = await TestBroker.StartAsync("", Token);
        await using var proxy = FaultProxy.Start("127.0.0.1", broker.Port);
        using var host = await HostAsync(broker);
        using var node = Node(proxy.Port);
        await node.StartAsync(Token);
        await HeardAsync("DBIRTH", 1);

        proxy.Cut();
        await HeardAsync("NDEATH", 1);
        proxy.Restore();
        await HeardAsync("DBIRTH", 2);
        await node.StopAsync(Token);

        var read = await SparkplugMachineTests.DecodeAsync(_heard.Where(message => Kind(message) is "NBIRTH" or "NDEATH"));
        Assert.Contains("bdSeq:UInt64=7", read[0], StringComparison.Ordinal);
        Assert.Contains("bdSeq:UInt64=7", read[1], StringComparison.Ordinal);
        Assert.DoesNotContain("bdSeq:UInt64=7", read[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_fleets_access_list_lets_a_device_be_its_own_node_and_nobody_elses()
    {
        await using var broker = await TestBroker.StartTlsAsync(Token);
        using var folder = new TestFolder();
        var files = broker.Authority.IssueDevice(new DeviceId("press-1")).Save(folder.Path, "device");
        LinkOptions link = new() { Brokers = [string.Create(CultureInfo.InvariantCulture, $"mqtts://localhost:{broker.Port}")], Ca = broker.Authority.CertificatePath, Certificate = files.Certificate, Key = files.Key };
        using var own = Node(link, "press-1");
        using var other = Node(link, "press-2");
        await own.StartAsync(Token);
        await other.StartAsync(Token);
        await Eventually.Async(() => broker.Log.Contains("Received PUBLISH from press-1-sparkplug (d0, q0, r0, m0, 'spBv1.0/plant-a/DBIRTH/press-1/cam-1'", StringComparison.Ordinal)
            && broker.Log.Contains("Denied PUBLISH from press-2-sparkplug", StringComparison.Ordinal), Deadline, () => broker.Log, Token);
        await own.StopAsync(Token);
        await other.StopAsync(Token);

        Assert.DoesNotContain("Denied PUBLISH from press-1-sparkplug", broker.Log, StringComparison.Ordinal);
    }

    private SparkplugLoop Node(int port) => Node(new LinkOptions { Brokers = [string.Create(CultureInfo.InvariantCulture, $"mqtt://127.0.0.1:{port}")], LongestPause = TimeSpan.FromSeconds(0.5) }, "press-1");

    private SparkplugLoop Node(LinkOptions link, string device) => new(
        new SparkplugOptions { Group = "plant-a", Link = link, Interval = TimeSpan.FromSeconds(0.1) }, new DeviceId(device), () => Volatile.Read(ref _health), () => null, 7, () => 0.5, TimeProvider.System, NullLogger<SparkplugLoop>.Instance);

    private async Task<IMqttClient> HostAsync(TestBroker broker)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        client.ApplicationMessageReceivedAsync += args =>
        {
            if (!args.ApplicationMessage.Topic.Contains("NCMD", StringComparison.Ordinal)) _heard.Enqueue(new SparkplugMessage(args.ApplicationMessage.Topic, args.ApplicationMessage.Payload.ToArray()));
            return Task.CompletedTask;
        };
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(broker.Host, broker.Port).Build(), Token);
        await client.SubscribeAsync("spBv1.0/#", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        return client;
    }

    private Task HeardAsync(string kind, int times) => Eventually.Async(() => _heard.Count(message => Kind(message) == kind) >= times, Deadline, () => string.Join(", ", _heard.Select(message => message.Topic)), Token);

    private static string Kind(SparkplugMessage message) => message.Topic.Split('/')[2];
}
