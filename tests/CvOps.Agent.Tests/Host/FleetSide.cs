using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Protocol;

namespace CvOps.Agent.Tests.Host;

/// <summary>The fleet's end of the broker: hears everything, in a session the broker keeps, and says what a fleet says.</summary>
internal sealed class FleetSide(TestBroker broker, Topics topics) : IDisposable
{
    private readonly ConcurrentQueue<(string Topic, byte[] Payload)> _heard = new();
    private IMqttClient? _client;
    private long _barriers;

    /// <summary>Connects, and connects again after the broker was away.</summary>
    public async Task ListenAsync(CancellationToken cancel)
    {
        _client?.Dispose();
        _client = new MqttClientFactory().CreateMqttClient();
        _client.ApplicationMessageReceivedAsync += args =>
        {
            _heard.Enqueue((args.ApplicationMessage.Topic, args.ApplicationMessage.Payload.ToArray()));
            return Task.CompletedTask;
        };
        var options = new MqttClientOptionsBuilder().WithTcpServer("localhost", broker.Port).WithClientId("fleet").WithCleanStart(false).WithSessionExpiryInterval(600)
            .WithTlsOptions(tls => tls.WithTrustChain([X509CertificateLoader.LoadCertificate(broker.Authority.Certificate.RawData)])
                .WithRevocationMode(X509RevocationMode.NoCheck).WithClientCertificates([broker.Authority.IssueClient(CertificateAuthority.FleetName).ToX509()]));
        await _client.ConnectAsync(options.Build(), cancel);
        await _client.SubscribeAsync(Topics.Root + "/#", MqttQualityOfServiceLevel.AtLeastOnce, cancel);
    }

    public Task SayAsync<T>(string topic, T message, JsonTypeInfo<T> type, bool retain, CancellationToken cancel) =>
        _client!.PublishBinaryAsync(topic, JsonSerializer.SerializeToUtf8Bytes(message, type), MqttQualityOfServiceLevel.AtLeastOnce, retain, cancel);

    /// <summary>A command as the fleet sends it, with its signature.</summary>
    public Task CommandAsync(Command command, CancellationToken cancel)
    {
        using var identity = broker.Authority.IssueClient(CertificateAuthority.FleetName).ToX509();
        return SayAsync(topics.Command(command.Name), CommandProof.Sign(command, AgentRig.Device, identity), ContractsJson.Default.Command, retain: false, cancel);
    }

    /// <summary>Returns when everything the broker has taken so far was heard here.</summary>
    public async Task BarrierAsync(CancellationToken cancel)
    {
        var topic = $"{Topics.Root}/barrier/{Interlocked.Increment(ref _barriers)}";
        await _client!.PublishBinaryAsync(topic, [], MqttQualityOfServiceLevel.AtLeastOnce, false, cancel);
        await Eventually.Async(() => _heard.Any(message => message.Topic == topic), AgentRig.Deadline, () => broker.Log, cancel);
    }

    public IReadOnlyList<T> On<T>(string topic, JsonTypeInfo<T> type) =>
        [.. _heard.Where(message => message.Topic == topic).Select(message => JsonSerializer.Deserialize(message.Payload, type)!)];

    public IReadOnlyList<InspectionReport> Inspections(string camera = "cam-1") => On(topics.Inspection(new CameraId(camera)), ContractsJson.Default.InspectionReport);

    public IReadOnlyList<DeviceHealth> Healths => On(topics.Health, ContractsJson.Default.DeviceHealth);

    /// <summary>What arrived of one boot, each message once, by stream and sequence.</summary>
    public Origin[] Origins(long boot) =>
        [.. _heard.Select(message => OriginOf(message.Payload)).OfType<Origin>().Where(origin => origin.Boot == boot).Distinct().OrderBy(origin => (origin.Stream, origin.Sequence))];

    public static Origin? OriginOf(ReadOnlyMemory<byte> payload)
    {
        if (payload.IsEmpty) return null;
        using var document = JsonDocument.Parse(payload);
        return document.RootElement.TryGetProperty("origin", out var origin)
            ? new Origin(new DeviceId(origin.GetProperty("device").GetString()!), origin.GetProperty("boot").GetInt64(), origin.GetProperty("sequence").GetInt64(),
                origin.TryGetProperty("stream", out var stream) ? stream.GetInt32() : 0)
            : null;
    }

    public void Dispose() => _client?.Dispose();
}
