using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CvOps.CrashMatrix.Rollouts;

/// <summary>What a device was told, as far as it matters here.</summary>
internal sealed class Told
{
    private readonly List<long> _versions = [];
    private long _sequence;

    /// <summary>Documents that came, the same one again included.</summary>
    public int Messages { get; private set; }

    /// <summary>Of the documents that were new, those that name a model it was not to have just before.</summary>
    public int Assignments { get; private set; }

    /// <summary>Different documents.</summary>
    public int Documents
    {
        get { lock (_versions) return _versions.Count; }
    }

    public string? Model { get; private set; }

    public long At { get; private set; }

    public long NextSequence() => Interlocked.Increment(ref _sequence);

    /// <param name="at">When it came, as a timestamp.</param>
    /// <returns>True when the document is new.</returns>
    public bool Take(TwinDesired desired, long at)
    {
        lock (_versions)
        {
            Messages++;
            if (_versions.Contains(desired.Version)) return false;
            _versions.Add(desired.Version);
            var model = $"{desired.Model?.Model.Digest} {desired.Model?.Rollout}";
            if (model != Model) Assignments++;
            (Model, At) = (model, at);
            return true;
        }
    }
}

/// <summary>Many devices over one connection: each takes what its twin wants and says so at once. What a test wants to be different, it says in <see cref="Answer"/>.</summary>
internal sealed class SimulatedDevices : IAsyncDisposable
{
    private const int AtOnce = 1000;

    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly SemaphoreSlim _room = new(AtOnce, AtOnce);
    private readonly ConcurrentDictionary<string, Told> _told = new();
    private readonly Channel<(string Topic, ReadOnlySequence<byte> Document, long At)> _came = Channel.CreateUnbounded<(string, ReadOnlySequence<byte>, long)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ModelRef _old;
    private long _sent;

    private SimulatedDevices(ModelRef old) => _old = old;

    public IReadOnlyDictionary<string, Told> Told => _told;

    /// <summary>Inspections that the broker has taken.</summary>
    public long Inspections => Interlocked.Read(ref _sent);

    /// <summary>What a device does with a document that is new to it.</summary>
    public Func<string, Topics, TwinDesired, Task>? Answer { get; set; }

    public static async Task<SimulatedDevices> ConnectAsync(TestBroker broker, ModelRef old, bool listens = true)
    {
        var devices = new SimulatedDevices(old);
        // They share a connection, and none's document waits for the others to have read theirs.
        devices._client.ApplicationMessageReceivedAsync += received =>
        {
            devices._came.Writer.TryWrite((received.ApplicationMessage.Topic, received.ApplicationMessage.Payload, Stopwatch.GetTimestamp()));
            return Task.CompletedTask;
        };
        _ = devices.ReadAsync();
        await devices._client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", broker.Port).WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId($"devices-{Guid.NewGuid():N}").Build());
        if (listens) await devices._client.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithTopicFilter($"{Topics.Root}/+/+/twin/desired", MqttQualityOfServiceLevel.AtLeastOnce).Build());
        return devices;
    }

    public static TwinReported Report(long version, ModelRef active, ModelRef? previous, UpdateState state, string? target, string? reason) => new()
    {
        DesiredVersion = version, Boot = 1, At = DateTimeOffset.UtcNow, AgentVersion = "1.0", Provider = "CPU", Cameras = [],
        Model = new ReportedModel { State = state, Active = active, Previous = previous, Target = target, Reason = reason, Since = DateTimeOffset.UtcNow, Stage = ModelStage.Active },
    };

    /// <summary>The device has what it should have.</summary>
    public Task TakeOverAsync(Topics topics, TwinDesired desired) => PublishAsync(topics.TwinReported, JsonSerializer.SerializeToUtf8Bytes(
        Report(desired.Version, desired.Model!.Model, desired.Model.Model.Digest == _old.Digest ? null : _old, UpdateState.Committed, desired.Model.Model.Digest, null), ContractsJson.Default.TwinReported));

    public Task FailAsync(Topics topics, TwinDesired desired) => PublishAsync(topics.TwinReported, JsonSerializer.SerializeToUtf8Bytes(
        Report(desired.Version, _old, null, UpdateState.Failed, desired.Model!.Model.Digest, "the golden outputs differ"), ContractsJson.Default.TwinReported));

    /// <summary>Parts under the model, returned when the broker has taken them all.</summary>
    /// <param name="beside">Sees the same frames; null: the old model, beside any other.</param>
    public async Task InspectAsync(string device, Topics topics, ModelRef model, int parts, string? error = null, ModelRef? beside = null)
    {
        beside ??= model == _old ? null : _old;
        var told = _told.GetOrAdd(device, _ => new Told());
        var camera = new CameraId("cam-1");
        for (var i = 0; i < parts; i++)
        {
            var sequence = told.NextSequence();
            await PublishAsync(topics.Inspection(camera), JsonSerializer.SerializeToUtf8Bytes(new InspectionReport
            {
                Origin = new Origin(new DeviceId(device), 1, sequence, 2), Camera = camera, Frame = sequence, Connection = 1, CapturedAt = DateTimeOffset.UtcNow, TimeSource = TimeSource.Host, TimeUncertaintyMs = 1,
                Model = model, Prediction = new Prediction { Class = error is null ? "ok" : null, Confidence = 0.9, Margin = 0.8 }, Timings = new FrameTimings(1, 1, 5, 1), Error = error,
                Shadow = error is null && beside is not null ? new ShadowPrediction(beside, new Prediction { Class = "ok", Confidence = 0.9, Margin = 0.8 }) : null,
            }, ContractsJson.Default.InspectionReport));
            Interlocked.Increment(ref _sent);
        }
    }

    /// <summary>As fast as the broker takes them, or at the rate.</summary>
    /// <param name="devices">Round and round over so many.</param>
    public async Task LoadAsync(int perSecond, int devices, int from, CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        for (var sent = 0L; !cancel.IsCancellationRequested; sent++)
        {
            var device = RolloutFleet.Device(from + (int)(sent % devices));
            _ = InspectAsync(device, new Topics(new SiteId("site-0"), new DeviceId(device)), _old, 1);
            if (sent % 200 != 0) continue;
            var ahead = (sent / (double)perSecond) - Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (ahead > 0) await Task.Delay(TimeSpan.FromSeconds(ahead), cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            else if (_room.CurrentCount == 0) await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _client.TryDisconnectAsync();
        _came.Writer.TryComplete();
        _client.Dispose();
    }

    private async Task PublishAsync(string topic, byte[] payload)
    {
        await _room.WaitAsync();
        try
        {
            await _client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build());
        }
        finally
        {
            _room.Release();
        }
    }

    private static TwinDesired Desired(ReadOnlySequence<byte> document)
    {
        var reader = new Utf8JsonReader(document);
        return JsonSerializer.Deserialize(ref reader, ContractsJson.Default.TwinDesired)!;
    }

    private async Task ReadAsync()
    {
        await foreach (var (topic, document, at) in _came.Reader.ReadAllAsync())
        {
            var parts = topic.Split('/');
            var (site, device) = (parts[2], parts[3]);
            var desired = Desired(document);
            if (_told.GetOrAdd(device, _ => new Told()).Take(desired, at) && Answer is { } answer) _ = answer(device, new Topics(new SiteId(site), new DeviceId(device)), desired);
        }
    }
}
