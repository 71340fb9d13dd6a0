using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using CvOps.Agent.Configuration;
using CvOps.Agent.Link;
using CvOps.Agent.Reports;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Protocol;

namespace CvOps.Agent.Tests.Link;

public sealed class BirthTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly DeviceId Device = new("press-1");
    private static readonly Topics Own = new(new SiteId("plant-a"), Device);
    private static readonly ModelRef Model = new("steel", "1.2.0", new string('a', 64));
    private static readonly AgentOptions Options = ConfigurationFile.Parse("""
        site: plant-a
        device: press-1
        link: { brokers: ['mqtt://127.0.0.1'] }
        cameras:
          - { id: cam-1, url: 'rtsp://user:secret@10.0.0.5/stream' }
          - { id: cam-2, url: 'rtsp://10.0.0.6/stream' }
        zones:
          - camera: cam-2
            areas: [{ name: mouth, polygon: [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 1 }] }]
            lines: [{ name: gate, from: { x: 0, y: 0 }, to: { x: 1, y: 1 } }]
        """);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void It_says_cameras_model_and_every_topic_with_its_schema()
    {
        var birth = Describe("steel");

        Assert.Equal(["cam-1 1920 - -", "cam-2 0 mouth gate"], birth.Cameras.Select(camera => $"{camera.Camera} {camera.Width} {string.Join(',', camera.Zones.DefaultIfEmpty("-"))} {string.Join(',', camera.Lines.DefaultIfEmpty("-"))}"));
        Assert.Equal((Model, ModelTask.Detection), (birth.Model!.Model, birth.Model.Task));
        Assert.Contains(new BirthTopic("cvops/v1/plant-a/press-1/inspection/cam-2", "urn:cvops:v1:InspectionReport", false, true), birth.Topics);
        Assert.Contains(new BirthTopic("cvops/v1/plant-a/press-1/frame/cam-1/+", "urn:cvops:v1:SampledFrame", false, true), birth.Topics);
        Assert.Contains(new BirthTopic("cvops/v1/plant-a/press-1/command/+", "urn:cvops:v1:Command", false, false), birth.Topics);
        Assert.DoesNotContain("secret", JsonSerializer.Serialize(birth, ContractsJson.Default.DeviceBirth), StringComparison.Ordinal);
        Assert.Null(BirthLoop.Describe(Options, [], null, 1, DateTimeOffset.UnixEpoch).Model);
    }

    [Fact]
    public async Task A_late_subscriber_knows_everything_at_once_even_from_a_broker_that_had_forgotten()
    {
        await using var broker = await TestBroker.StartWithAsync((port, _) => string.Create(CultureInfo.InvariantCulture, $"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n# persistence_location\n"), Token);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Token);
        using var link = new MqttFleetLink(new LinkOptions { Brokers = [string.Create(CultureInfo.InvariantCulture, $"mqtt://127.0.0.1:{broker.Port}")], LongestPause = TimeSpan.FromSeconds(0.2) },
            new SiteId("plant-a"), Device, new FleetInbox(), () => new DeviceStatus(Device, Connectivity.Online, 1, "test"), () => 0.5, TimeProvider.System, NullLogger<MqttFleetLink>.Instance);
        var running = link.RunAsync(stopping.Token);
        link.Announce(Describe("old"));
        link.Announce(Describe("steel"));
        link.Report(new TwinReported
        {
            DesiredVersion = 4, Boot = 1, At = DateTimeOffset.UnixEpoch, AgentVersion = "1", Provider = "CPU", Cameras = [], Model = new ReportedModel { State = UpdateState.Idle },
        });

        Assert.Equal("steel", await LateAsync(broker));
        await broker.RestartAsync(Token);
        Assert.Equal("steel", await LateAsync(broker));

        await stopping.CancelAsync();
        await running;
    }

    private static DeviceBirth Describe(string model) => BirthLoop.Describe(
        Options, [new ReportedCamera(new CameraId("cam-1"), "rtsp://10.0.0.5/stream", 1920, 1080), new ReportedCamera(new CameraId("cam-2"), "rtsp://10.0.0.6/stream", 0, 0)],
        (Model with { Name = model }, new ModelManifest { Name = model, Version = "1", Task = ModelTask.Detection, Classes = ["a"], RejectClasses = ["a"], Input = new InputSpec { Name = "x", Width = 8, Height = 8 }, Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["y"] } }),
        1, DateTimeOffset.UnixEpoch);

    /// <returns>The model that a subscriber who comes now is told of, once status, birth and twin are there.</returns>
    private static async Task<string> LateAsync(TestBroker broker)
    {
        var heard = new ConcurrentDictionary<string, MqttApplicationMessage>();
        using var client = new MqttClientFactory().CreateMqttClient();
        client.ApplicationMessageReceivedAsync += args =>
        {
            heard[args.ApplicationMessage.Topic] = args.ApplicationMessage;
            return Task.CompletedTask;
        };
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(broker.Host, broker.Port).Build(), Token);
        await client.SubscribeAsync(Topics.Everything, MqttQualityOfServiceLevel.AtLeastOnce, Token);
        await Eventually.Async(() => new[] { Own.Status, Own.Birth, Own.TwinReported }.All(heard.ContainsKey), Deadline, () => string.Join(", ", heard.Keys), Token);
        return JsonSerializer.Deserialize(heard[Own.Birth].ConvertPayloadToString()!, ContractsJson.Default.DeviceBirth)!.Model!.Model.Name;
    }
}
