using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using CvOps.Agent.Configuration;
using CvOps.Agent.Integrations.HomeAssistant;
using CvOps.Agent.Link;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Protocol;

namespace CvOps.Agent.Tests.Integrations;

public sealed class HomeAssistantTests
{
    private const string Rejects = "homeassistant/sensor/press-1/cam-1_rejects/config";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly SiteId Site = new("plant-a");
    private static readonly DeviceId Device = new("press-1");
    private readonly ConcurrentQueue<MqttApplicationMessage> _heard = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_entity_points_at_the_devices_own_topics_and_has_a_name_of_its_own()
    {
        var documents = DiscoveryRule.Of(Site, Device, "0.1.0", [new CameraId("cam-1"), new CameraId("cam-2")]);

        Assert.Equal(13, documents.Count);
        Assert.All(documents.Keys, topic => Assert.Matches("^homeassistant/(binary_)?sensor/press-1/[a-zA-Z0-9_-]+/config$", topic));
        Assert.Equal(13, documents.Values.Select(document => (string?)document["unique_id"]).Distinct().Count());
        Assert.All(documents.Values, document => Assert.Contains((string?)document["state_topic"], new[] { "cvops/v1/plant-a/press-1/health", "cvops/v1/plant-a/press-1/status" }));
        Assert.All(documents.Values.Where(document => (string?)document["device_class"] != "connectivity"), document => Assert.Equal("cvops/v1/plant-a/press-1/status", (string?)document["availability_topic"]));
        Assert.Single(documents.Values.Select(document => document["device"]!["identifiers"]!.ToJsonString()).Distinct());
    }

    [Fact]
    public async Task Documents_are_kept_by_the_broker_said_again_when_Home_Assistant_starts_and_taken_away_with_their_camera()
    {
        await using var broker = await TestBroker.StartAsync("", Token);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Token);
        CameraId[] cameras = [new("cam-1"), new("cam-2")];
        using var link = new MqttFleetLink(new LinkOptions { Brokers = [string.Create(CultureInfo.InvariantCulture, $"mqtt://127.0.0.1:{broker.Port}")] }, Site, Device, new FleetInbox(),
            () => new DeviceStatus(Device, Connectivity.Online, 1, "test"), () => 0.5, TimeProvider.System, NullLogger<MqttFleetLink>.Instance) { AskedAgain = (DiscoveryRule.StatusTopic, DiscoveryRule.Started) };
        using var loop = new HomeAssistantLoop(Site, Device, () => Volatile.Read(ref cameras), link, TimeProvider.System);
        var running = link.RunAsync(stopping.Token);
        await loop.StartAsync(Token);
        await link.WhenConnectedAsync(Token).WaitAsync(Deadline, Token);

        using var home = await HomeAsync(broker);
        await Eventually.Async(() => Count(Rejects) == 1, Deadline, Seen, Token);
        Assert.Equal("cvops/v1/plant-a/press-1/health", (string?)JsonNode.Parse(_heard.First(message => message.Topic == Rejects).ConvertPayloadToString()!)!["state_topic"]);

        await home.PublishStringAsync(DiscoveryRule.StatusTopic, "offline", MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
        await home.PublishStringAsync(DiscoveryRule.StatusTopic, "online", MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
        await Eventually.Async(() => Count(Rejects) == 2, Deadline, Seen, Token);

        Volatile.Write(ref cameras, [new CameraId("cam-2")]);
        await Eventually.Async(() => _heard.Any(message => message.Topic == Rejects && message.Payload.IsEmpty), Deadline, Seen, Token);
        await stopping.CancelAsync();
        await running;
        await loop.StopAsync(Token);

        int Count(string topic) => _heard.Count(message => message.Topic == topic && !message.Payload.IsEmpty);
        string Seen() => string.Join(", ", _heard.Select(message => message.Topic));
    }

    [Theory]
    [InlineData("device: press.1", "'press.1' can't be a name in Home Assistant")]
    [InlineData("device: press-1", "'cam.1' can't be a name in Home Assistant")]
    public void A_name_that_Home_Assistant_does_not_take_is_a_mistake_of_the_configuration(string device, string mistake)
    {
        var wrong = Assert.Throws<ConfigurationException>(() => ConfigurationFile.Parse($$"""
            site: plant-a
            {{device}}
            link: { brokers: ['mqtt://127.0.0.1'] }
            cameras: [{ id: cam.1, url: 'rtsp://10.0.0.5/stream' }]
            integrations:
              home-assistant: {}
              sparkplug: { group: a/b, link: { brokers: ['nonsense'] } }
            """));

        Assert.Contains(wrong.Mistakes, it => it.ToString().Contains(mistake, StringComparison.Ordinal));
        Assert.Contains(wrong.Mistakes, it => it.ToString().Contains("a group is one level of a topic", StringComparison.Ordinal));
        Assert.Contains(wrong.Mistakes, it => it.ToString().Contains("'nonsense' is no broker's address", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_said_in_other_systems_words_unless_asked_for() => Assert.Equal((null, null), Integrations(""));

    [Fact]
    public void Two_lines_turn_both_on()
    {
        var (sparkplug, home) = Integrations("""
            integrations:
              sparkplug: { group: plant-a, link: { brokers: ['mqtt://scada'] } }
              home-assistant: {}
            """);

        Assert.Equal(("plant-a", "mqtt://scada"), (sparkplug!.Group, sparkplug.Link.Brokers.Single()));
        Assert.NotNull(home);
    }

    private static (CvOps.Agent.Integrations.Sparkplug.SparkplugOptions? Sparkplug, HomeAssistantOptions? Home) Integrations(string yaml)
    {
        var options = ConfigurationFile.Parse($"site: a\ndevice: b\nlink: {{ brokers: ['mqtt://127.0.0.1'] }}\ncameras: [{{ id: c, url: 'rtsp://10.0.0.5/stream' }}]\n{yaml}\n").Integrations;
        return (options.Sparkplug, options.HomeAssistant);
    }

    private async Task<IMqttClient> HomeAsync(TestBroker broker)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        client.ApplicationMessageReceivedAsync += args =>
        {
            _heard.Enqueue(args.ApplicationMessage);
            return Task.CompletedTask;
        };
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(broker.Host, broker.Port).Build(), Token);
        await client.SubscribeAsync("homeassistant/+/+/+/config", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        return client;
    }
}
