using System.Buffers;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Protocol;

namespace CvOps.Benchmarks;

/// <summary>Counts at the broker, each frame once, what a device says it has inspected.</summary>
internal sealed class SoakListener : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Seen> _seen;
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private DeviceHealth? _health;

    private SoakListener(IEnumerable<string> cameras) => _seen = cameras.ToDictionary(camera => camera, _ => new Seen());

    /// <summary>The latest health message; null before the first.</summary>
    public DeviceHealth? Health { get { lock (_gate) return _health; } }

    public static async Task<SoakListener> StartAsync(TestBroker broker, IEnumerable<string> cameras)
    {
        var listener = new SoakListener(cameras);
        listener._client.ApplicationMessageReceivedAsync += args =>
        {
            listener.Hear(args.ApplicationMessage.Topic, args.ApplicationMessage.Payload.ToArray());
            return Task.CompletedTask;
        };
        await listener._client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(broker.Host, broker.Port).WithClientId("soak-listener").Build());
        await listener._client.SubscribeAsync(Topics.Root + "/#", MqttQualityOfServiceLevel.AtLeastOnce);
        return listener;
    }

    /// <summary>Different frames with a result.</summary>
    public long Results(string camera) { lock (_gate) return _seen[camera].Frames; }

    public long Duplicates(string camera) { lock (_gate) return _seen[camera].Duplicates; }

    /// <summary>Frames before the last result of their connection that have no result.</summary>
    public long Gaps(string camera) { lock (_gate) return _seen[camera].Connections.Values.Sum(frames => frames.Max() + 1 - frames.Count); }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Hear(string topic, byte[] payload)
    {
        if (payload.Length == 0) return;
        lock (_gate)
        {
            if (topic.EndsWith("/health", StringComparison.Ordinal)) _health = JsonSerializer.Deserialize(payload, ContractsJson.Default.DeviceHealth);
            if (!topic.Contains("/inspection/", StringComparison.Ordinal)) return;
            using var report = JsonDocument.Parse(payload);
            var root = report.RootElement;
            var seen = _seen[root.GetProperty("camera").GetString()!];
            var connection = root.GetProperty("connection").GetInt32();
            if (!seen.Connections.TryGetValue(connection, out var frames)) seen.Connections[connection] = frames = [];
            if (frames.Add(root.GetProperty("frame").GetInt64())) seen.Frames++;
            else seen.Duplicates++;
        }
    }

    private sealed class Seen
    {
        public Dictionary<int, HashSet<long>> Connections { get; } = [];

        public long Frames { get; set; }

        public long Duplicates { get; set; }
    }
}
