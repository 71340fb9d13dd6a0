using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CvOps.Agent.Link;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace CvOps.Agent.Tests.Link;

/// <summary>What a subscriber at a real broker gets beside the payload, read by CloudEvents' own SDK.</summary>
public sealed class CloudEventsTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly DeviceId Device = new("press-1");
    private static readonly Topics Own = new(new SiteId("plant-a"), Device);
    private static readonly byte[] Inspection = """{"origin":{"device":"press-1","boot":3,"sequence":41,"stream":2},"camera":"cam-1","capturedAt":"2026-05-04T12:00:00.125+00:00"}"""u8.ToArray();
    private static readonly byte[] Health = """{"origin":{"device":"press-1","boot":3,"sequence":42,"stream":1},"at":"2026-05-04T12:00:01+00:00"}"""u8.ToArray();

    private readonly ConcurrentQueue<MqttApplicationMessage> _heard = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_message_is_a_CloudEvent_and_a_repeated_one_is_the_same_event()
    {
        await using var broker = await TestBroker.StartAsync("", Token);
        using var listener = await ListenAsync(broker);
        await LiveAsync(broker, cloudEvents: true, async link =>
        {
            await link.SendAsync(Own.Inspection(new CameraId("cam-1")), Inspection, 0, Token);
            await link.SendAsync(Own.Inspection(new CameraId("cam-1")), Inspection, 0, Token);
            await link.RespondAsync(new CommandResponse("c-1", Device, true, "done"), Token);
        });
        await Eventually.Async(() => _heard.Count >= 5, Deadline, () => string.Join(", ", _heard.Select(message => message.Topic)), Token);

        var events = await AsTheSdkReadsThemAsync();
        const string First = "1.0 3-41-2 /cvops/plant-a/press-1 io.cvops.inspection.v1 cam-1 2026-05-04T12:00:00.125+00:00 urn:cvops:v1:InspectionReport";
        Assert.Equal([First, First], events.Where(line => line.Contains("inspection", StringComparison.Ordinal)));
        Assert.Contains("1.0 response-c-1 /cvops/plant-a/press-1 io.cvops.response.v1 - - urn:cvops:v1:CommandResponse", events);
        Assert.Equal(2, events.Where(line => line.Contains("io.cvops.status.v1", StringComparison.Ordinal)).Distinct().Count());
        Assert.All(_heard, message => Assert.Equal("application/json", message.ContentType));
    }

    [Fact]
    public async Task The_will_is_a_CloudEvent_too()
    {
        await using var broker = await TestBroker.StartAsync("", Token);
        using var listener = await ListenAsync(broker);
        await using var proxy = FaultProxy.Start("127.0.0.1", broker.Port);
        await LiveAsync(broker, cloudEvents: true, async _ =>
        {
            proxy.Cut();
            await Eventually.Async(() => _heard.Count >= 2, Deadline, () => broker.Log, Token);
        }, proxy.Port);

        Assert.Equal(2, (await AsTheSdkReadsThemAsync()).Where(line => line.Contains("io.cvops.status.v1", StringComparison.Ordinal)).Distinct().Count());
    }

    [Fact]
    public async Task Told_to_leave_them_out_the_agent_does()
    {
        await using var broker = await TestBroker.StartAsync("", Token);
        using var listener = await ListenAsync(broker);
        await LiveAsync(broker, cloudEvents: false, async link => await link.SendAsync(Own.Health, Health, 0, Token));
        await Eventually.Async(() => _heard.Count >= 3, Deadline, () => broker.Log, Token);

        Assert.All(_heard, message => Assert.True(message.UserProperties is null or { Count: 0 }));
    }

    [Fact]
    public async Task A_late_subscriber_gets_status_and_health_at_once()
    {
        await using var broker = await TestBroker.StartAsync("", Token);
        await LiveAsync(broker, cloudEvents: true, async link =>
        {
            await link.SendAsync(Own.Health, Health, 0, Token);
            await link.SendAsync(Own.Inspection(new CameraId("cam-1")), Inspection, 0, Token);
        });
        using var late = await ListenAsync(broker);

        await Eventually.Async(() => _heard.Count >= 2, Deadline, () => string.Join(", ", _heard.Select(message => message.Topic)), Token);
        Assert.Equal([Own.Health, Own.Status], _heard.Where(message => message.Retain).Select(message => message.Topic).Order());
    }

    /// <summary>A link from its connection to its goodbye, with what is done in between.</summary>
    private static async Task LiveAsync(TestBroker broker, bool cloudEvents, Func<MqttFleetLink, Task> act, int? port = null)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var options = new LinkOptions { Brokers = [string.Create(CultureInfo.InvariantCulture, $"mqtt://127.0.0.1:{port ?? broker.Port}")], CloudEvents = cloudEvents };
        using var link = new MqttFleetLink(options, new SiteId("plant-a"), Device, new FleetInbox(), () => new DeviceStatus(Device, Connectivity.Online, 3, "test"), () => 0.5,
            TimeProvider.System, NullLogger<MqttFleetLink>.Instance);
        var running = link.RunAsync(stopping.Token);
        await link.WhenConnectedAsync(Token).WaitAsync(Deadline, Token);
        await act(link);
        await stopping.CancelAsync();
        await running;
    }

    private async Task<IMqttClient> ListenAsync(TestBroker broker)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        client.ApplicationMessageReceivedAsync += args =>
        {
            _heard.Enqueue(args.ApplicationMessage);
            return Task.CompletedTask;
        };
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(broker.Host, broker.Port).Build(), Token);
        await client.SubscribeAsync(Topics.Everything, MqttQualityOfServiceLevel.AtLeastOnce, Token);
        return client;
    }

    private async Task<string[]> AsTheSdkReadsThemAsync()
    {
        var messages = new JsonArray([.. _heard.Select(message => (JsonNode)new JsonObject
        {
            ["contentType"] = message.ContentType, ["payload"] = JsonNode.Parse(Encoding.UTF8.GetString(message.Payload)),
            ["properties"] = new JsonObject(message.UserProperties!.Select(property => KeyValuePair.Create(property.Name, (JsonNode?)property.ReadValueAsString()))),
        })]);
        return (await NodePackages.RunAsync("cloudevents", "read.cjs", messages.ToJsonString(), Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
