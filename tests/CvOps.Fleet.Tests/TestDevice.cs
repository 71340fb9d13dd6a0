using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CvOps.Fleet.Tests;

/// <summary>Speaks MQTT to the fleet as an agent does, and says exactly what a test wants said.</summary>
internal sealed class TestDevice : IAsyncDisposable
{
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly X509Certificate2 _certificate;
    private readonly Dictionary<string, string> _retained = [];
    private long _sequence;

    private TestDevice(DeviceId id, long boot, X509Certificate2 certificate)
    {
        (Id, Boot, _certificate) = (id, boot, certificate);
        Topics = new Topics(new SiteId("plant"), id);
    }

    public DeviceId Id { get; }

    public long Boot { get; set; }

    public Topics Topics { get; }

    /// <summary>Answers commands; null leaves them unanswered.</summary>
    public Func<Command, CommandResponse>? OnCommand { get; set; }

    /// <summary>The last document of <c>twin/desired</c> the broker gave; null before the first.</summary>
    public TwinDesired? Desired
    {
        get
        {
            lock (_retained) return _retained.TryGetValue(Topics.TwinDesired, out var text) ? JsonSerializer.Deserialize(text, ContractsJson.Default.TwinDesired) : null;
        }
    }

    public bool IsConnected => _client.IsConnected;

    /// <summary>The last message on the topic; null when none came, or none since <see cref="Forget"/>.</summary>
    public string? Last(string topic)
    {
        lock (_retained) return _retained.GetValueOrDefault(topic);
    }

    public void Forget(string topic)
    {
        lock (_retained) _retained.Remove(topic);
    }

    public static async Task<TestDevice> ConnectAsync(FleetHost host, DeviceId id, long boot, IssuedCertificate issued, X509Certificate2 authority)
    {
        var device = new TestDevice(id, boot, issued.ToX509());
        device._client.ApplicationMessageReceivedAsync += device.OnReceivedAsync;
        var options = new MqttClientOptionsBuilder().WithTcpServer(host.Broker.Host, host.Broker.Port).WithProtocolVersion(MqttProtocolVersion.V500).WithClientId(id.Value)
            .WithTlsOptions(tls => tls.UseTls().WithClientCertificates([device._certificate]).WithTrustChain([authority]).WithRevocationMode(X509RevocationMode.NoCheck)).Build();
        await device._client.ConnectAsync(options, TestContext.Current.CancellationToken);
        await device._client.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithTopicFilter(device.Topics.TwinDesired, MqttQualityOfServiceLevel.AtLeastOnce)
            .WithTopicFilter(device.Topics.Commands, MqttQualityOfServiceLevel.AtLeastOnce).WithTopicFilter(device.Topics.Certificate, MqttQualityOfServiceLevel.AtLeastOnce).Build(), TestContext.Current.CancellationToken);
        return device;
    }

    public Origin NextOrigin() => new(Id, Boot, Interlocked.Increment(ref _sequence));

    public Task SendAsync<T>(string topic, T body, JsonTypeInfo<T> type, bool retain = false) => SendAsync(topic, JsonSerializer.SerializeToUtf8Bytes(body, type), retain);

    public Task SendAsync(string topic, byte[] payload, bool retain = false) => _client.PublishAsync(
        new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithRetainFlag(retain).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(),
        TestContext.Current.CancellationToken);

    /// <summary>As an agent does where somebody listened before: what nobody got is sent again.</summary>
    /// <returns>How often nobody got it.</returns>
    public async Task<int> SendUntilHeardAsync(InspectionReport report)
    {
        var message = new MqttApplicationMessageBuilder().WithTopic(Topics.Inspection(report.Camera)).WithPayload(JsonSerializer.SerializeToUtf8Bytes(report, ContractsJson.Default.InspectionReport))
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build();
        for (var unheard = 0; ; unheard++)
        {
            if ((await _client.PublishAsync(message, TestContext.Current.CancellationToken)).ReasonCode != MqttClientPublishReasonCode.NoMatchingSubscribers) return unheard;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <returns>Whether the broker took it.</returns>
    public async Task<bool> MaySendAsync(string topic)
    {
        var result = await _client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload("{}").WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), TestContext.Current.CancellationToken);
        return result.IsSuccess;
    }

    public Task SubscribeAsync(string filter) => _client.SubscribeAsync(
        new MqttClientSubscribeOptionsBuilder().WithTopicFilter(filter, MqttQualityOfServiceLevel.AtLeastOnce).Build(), TestContext.Current.CancellationToken);

    public Task SendAsync(InspectionReport report) => SendAsync(Topics.Inspection(report.Camera), report, ContractsJson.Default.InspectionReport);

    public Task SendAsync(SampledFrame frame) => SendAsync(Topics.Frame(frame.Camera, frame.FrameId), frame, ContractsJson.Default.SampledFrame);

    public Task SayOnlineAsync() => SendAsync(Topics.Status, new DeviceStatus(Id, Connectivity.Online, Boot, "1.0"), ContractsJson.Default.DeviceStatus, retain: true);

    public InspectionReport Inspection(long frame = 0, string model = "a", string? part = null) => new()
    {
        Origin = NextOrigin(), Camera = new CameraId("cam"), Frame = frame, Connection = 1, Part = part, CapturedAt = DateTimeOffset.UnixEpoch.AddDays(20_000).AddMilliseconds(frame),
        TimeSource = TimeSource.Host, TimeUncertaintyMs = 5, Model = new ModelRef("line", "1", new string(model[0], 64)),
        Prediction = new Prediction { Class = "ok", Confidence = 0.9, Margin = 0.8, Entropy = 0.1 }, Timings = new FrameTimings(1, 2, 3, 4),
    };

    /// <param name="rule">The sampling rule that wanted it.</param>
    /// <param name="shadow">The other model's class; null when it did not run.</param>
    public SampledFrame Frame(string id, double margin = 0.1, string rule = "least-confidence", string? shadow = null, string? part = null) => new()
    {
        Origin = NextOrigin(), FrameId = id, Camera = new CameraId("cam"), Part = part, Frame = 1, Connection = 1, CapturedAt = DateTimeOffset.UnixEpoch.AddDays(20_000),
        Model = new ModelRef("line", "1", new string('a', 64)), Prediction = new Prediction { Class = "ok", Confidence = 0.6, Margin = margin },
        Shadow = shadow is null ? null : new ShadowPrediction(new ModelRef("line", "2", new string('b', 64)), new Prediction { Class = shadow, Confidence = 0.7, Margin = margin }),
        Reasons = [new SamplingReason(rule, 1 - margin)], Width = 16, Height = 16, Jpeg = TestPictures.Jpeg(id),
    };

    public async ValueTask DisposeAsync()
    {
        // A killed broker may end the connection at this very moment.
        await _client.TryDisconnectAsync();
        _client.Dispose();
        _certificate.Dispose();
    }

    private async Task OnReceivedAsync(MqttApplicationMessageReceivedEventArgs received)
    {
        var (topic, text) = (received.ApplicationMessage.Topic, Encoding.UTF8.GetString(received.ApplicationMessage.Payload));
        lock (_retained) _retained[topic] = text;
        if (topic == Topics.TwinDesired || topic == Topics.Certificate || OnCommand is null) return;
        var response = OnCommand(JsonSerializer.Deserialize(text, ContractsJson.Default.Command)!);
        await SendAsync(Topics.Response(response.Id), response, ContractsJson.Default.CommandResponse);
    }
}
