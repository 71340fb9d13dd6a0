using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Ingest;

/// <summary>A message taken apart, or the reason why it cannot be.</summary>
/// <param name="Body">An <see cref="Inspection"/> or a record of Contracts; null when <paramref name="Reason"/> is set, and for messages that need no work.</param>
/// <param name="Reason">Why it is set aside, in a sentence; null when all is well.</param>
/// <param name="Payload">The bytes as they came; they are nobody else's.</param>
internal sealed record Message(string Name, ParsedTopic? Topic, object? Body, string? Reason, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Length of the payload as it came; more than is here when it is too large to be kept.</summary>
    public long Length { get; init; } = Payload.Length;
}

/// <summary>From bytes under a topic to a record that may be believed. Remembers topics and names, changes nothing else; for one thread.</summary>
internal sealed class MessageReader
{
    /// <summary>Topics remembered; a fleet of a thousand devices with a few cameras each has not more.</summary>
    private const int TopicsKept = 16_384;

    /// <summary>What is kept of a payload that is too large to be a message.</summary>
    private const int OversizeKept = 4096;

    private readonly NamePool _names = new();
    private readonly Dictionary<string, ParsedTopic> _topics = [];

    /// <param name="payload">Becomes the message's; nobody may change it any more.</param>
    public Message Read(string topic, ReadOnlySequence<byte> payload)
    {
        if (payload.Length > Limits.MessageBytes)
            return new Message(topic, null, null, $"{payload.Length} bytes are more than the {Limits.MessageBytes} a message may have.", payload.Slice(0, OversizeKept).ToArray()) { Length = payload.Length };
        var bytes = payload.IsSingleSegment ? payload.First : payload.ToArray();
        if (!TryParse(topic, out var parsed)) return new Message(topic, null, null, "The topic is not of the tree cvops/v1/{site}/{device}/...", bytes);
        // An empty retained message is how a retained one is taken away; the fleet's own words come back on its subscription.
        if (payload.IsEmpty || parsed.Kind is TopicKind.TwinDesired or TopicKind.Command or TopicKind.Certificate or TopicKind.Birth or TopicKind.Alert) return new Message(topic, parsed, null, null, default);
        if (parsed.Kind == TopicKind.Inspection && bytes.Length <= WholeDocument.FewBytes && QuickInspection.TryRead(parsed, bytes, _names, out var inspection)) return new Message(topic, parsed, inspection, null, bytes);
        try
        {
            if (bytes.Length > WholeDocument.FewBytes && !WholeDocument.HasFewTokens(bytes.Span)) return new Message(topic, null, null, $"It holds more than {Limits.MessageTokens} JSON values, names and brackets.", bytes[..OversizeKept]) { Length = bytes.Length };
            var body = Parse(parsed.Kind, bytes.Span);
            return MessageRule.Refuse(parsed, body) is { } reason
                ? new Message(topic, null, null, reason, bytes)
                : new Message(topic, parsed, body is InspectionReport report ? Inspection.Of(report) : body, null, bytes);
        }
        catch (JsonException e)
        {
            return new Message(topic, null, null, $"No JSON of a {parsed.Kind}: {e.Message}", bytes);
        }
    }

    private bool TryParse(string topic, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ParsedTopic? parsed)
    {
        if (_topics.TryGetValue(topic, out parsed)) return true;
        if (!Topics.TryParse(topic, out parsed)) return false;
        // Frames and answers have a topic each.
        if (parsed.Kind is TopicKind.Frame or TopicKind.Response) return true;
        if (_topics.Count == TopicsKept) _topics.Clear();
        _topics.Add(topic, parsed);
        return true;
    }

    private static object Parse(TopicKind kind, ReadOnlySpan<byte> payload) => kind switch
    {
        TopicKind.Status => Parse(payload, ContractsJson.Default.DeviceStatus),
        TopicKind.Inspection => Parse(payload, ContractsJson.Default.InspectionReport),
        TopicKind.Health => Parse(payload, ContractsJson.Default.DeviceHealth),
        TopicKind.Drift => Parse(payload, ContractsJson.Default.DriftWindow),
        TopicKind.Zone => Parse(payload, ContractsJson.Default.ZoneReport),
        TopicKind.Frame => Parse(payload, ContractsJson.Default.SampledFrame),
        TopicKind.TwinReported => Parse(payload, ContractsJson.Default.TwinReported),
        TopicKind.Response => Parse(payload, ContractsJson.Default.CommandResponse),
        TopicKind.CertificateRequest => Parse(payload, ContractsJson.Default.CertificateRenewal),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No message the fleet reads."),
    };

    private static T Parse<T>(ReadOnlySpan<byte> payload, JsonTypeInfo<T> type) where T : class
    {
        var reader = new Utf8JsonReader(payload);
        var body = JsonSerializer.Deserialize(ref reader, type) ?? throw new JsonException("It is null.");
        if (reader.Read()) throw new JsonException("More follows after the document.");
        WholeDocument.Check(body, type);
        return body;
    }
}
