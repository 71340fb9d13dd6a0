using CvOps.Contracts;

namespace CvOps.Agent.Integrations.Sparkplug;

/// <summary>A message of Sparkplug on its topic.</summary>
internal sealed record SparkplugMessage(string Topic, byte[] Payload);

/// <summary>
/// What an edge node of Sparkplug B 3.0 says: a birth certificate of the node and each camera, then only what changed, numbered 0..255 from the node's birth on,
/// and a death certificate whose bdSeq is the birth's. Pure; one thread.
/// </summary>
/// <param name="birth">bdSeq of the first connection, 0..255.</param>
internal sealed class SparkplugMachine(string group, DeviceId node, int birth)
{
    private const string Namespace = "spBv1.0";
    private const int Numbers = 256;

    private readonly Dictionary<CameraId, Dictionary<string, object?>> _born = [];
    private readonly Dictionary<string, object?> _node = [];
    private int _birth = (birth - 1 + Numbers) % Numbers;
    private int _sequence;

    public string Commands => $"{Namespace}/{group}/NCMD/{node}";

    /// <summary>The will of the next connection; its birth certificates bear the same number.</summary>
    public SparkplugMessage Connecting(DateTimeOffset at)
    {
        _birth = (_birth + 1) % Numbers;
        return Death(at);
    }

    /// <summary>For a goodbye; the broker says it in the node's stead when the connection breaks.</summary>
    public SparkplugMessage Death(DateTimeOffset at) => new(Topic("NDEATH"), SparkplugPayload.Write(at, null, [BirthNumber]));

    /// <summary>At a new connection, and whenever a host asks.</summary>
    public IReadOnlyList<SparkplugMessage> Birth(SparkplugState state)
    {
        _sequence = -1;
        _born.Clear();
        Changed(_node, state.Node);
        var messages = new List<SparkplugMessage> { Message(state, "NBIRTH", null, [BirthNumber, SparkplugMetric.Of(SparkplugPayload.Rebirth, false), .. state.Node]) };
        messages.AddRange(state.Cameras.Select(camera => Birth(state, camera.Key, camera.Value)));
        return messages;
    }

    /// <summary>What changed since: values, cameras that came and cameras that went.</summary>
    public IReadOnlyList<SparkplugMessage> Next(SparkplugState state)
    {
        var messages = new List<SparkplugMessage>();
        if (Changed(_node, state.Node) is { Count: > 0 } node) messages.Add(Message(state, "NDATA", null, node));
        foreach (var gone in _born.Keys.Except(state.Cameras.Keys).ToArray())
        {
            _born.Remove(gone);
            messages.Add(Message(state, "DDEATH", gone, []));
        }
        foreach (var (camera, metrics) in state.Cameras)
        {
            if (!_born.TryGetValue(camera, out var said)) messages.Add(Birth(state, camera, metrics));
            else if (Changed(said, metrics) is { Count: > 0 } changed) messages.Add(Message(state, "DDATA", camera, changed));
        }
        return messages;
    }

    private SparkplugMetric BirthNumber => SparkplugMetric.Of("bdSeq", (long)_birth);

    private SparkplugMessage Birth(SparkplugState state, CameraId camera, IReadOnlyList<SparkplugMetric> metrics)
    {
        Changed(_born[camera] = [], metrics);
        return Message(state, "DBIRTH", camera, metrics);
    }

    private SparkplugMessage Message(SparkplugState state, string kind, CameraId? camera, IReadOnlyList<SparkplugMetric> metrics)
    {
        _sequence = (_sequence + 1) % Numbers;
        return new SparkplugMessage(camera is { } device ? $"{Topic(kind)}/{device}" : Topic(kind), SparkplugPayload.Write(state.At, _sequence, metrics));
    }

    private string Topic(string kind) => $"{Namespace}/{group}/{kind}/{node}";

    private static List<SparkplugMetric> Changed(Dictionary<string, object?> said, IReadOnlyList<SparkplugMetric> metrics)
    {
        var changed = metrics.Where(metric => !said.TryGetValue(metric.Name, out var before) || !Equals(before, metric.Value)).ToList();
        foreach (var metric in changed) said[metric.Name] = metric.Value;
        return changed;
    }
}
