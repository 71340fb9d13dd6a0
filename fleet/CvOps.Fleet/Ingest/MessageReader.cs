using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Ingest;

/// <summary>A message taken apart, or the reason why it cannot be.</summary>
/// <param name="Body">A record of Contracts; null when <paramref name="Reason"/> is set, and for messages that need no work.</param>
/// <param name="Reason">Why it is set aside, in a sentence; null when all is well.</param>
/// <param name="Payload">The bytes as they came, only with a reason.</param>
internal sealed record Message(string Name, ParsedTopic? Topic, object? Body, string? Reason, byte[]? Payload)
{
    public static Message Dead(string name, string reason, ReadOnlySequence<byte> payload) => new(name, null, null, reason, payload.ToArray());
}

/// <summary>From bytes under a topic to a record that may be believed. Pure.</summary>
internal static class MessageReader
{
    public static Message Read(string topic, ReadOnlySequence<byte> payload)
    {
        if (!Topics.TryParse(topic, out var parsed)) return Message.Dead(topic, "The topic is not of the tree cvops/v1/{site}/{device}/...", payload);
        // An empty retained message is how a retained one is taken away; the fleet's own words come back on its subscription.
        if (payload.IsEmpty || parsed.Kind is TopicKind.TwinDesired or TopicKind.Command or TopicKind.Certificate) return new Message(topic, parsed, null, null, null);
        if (payload.Length > Limits.MessageBytes) return Message.Dead(topic, $"{payload.Length} bytes are more than the {Limits.MessageBytes} a message may have.", payload.Slice(0, 4096));
        try
        {
            var body = Parse(parsed.Kind, payload);
            return Refuse(parsed, body) is { } reason ? Message.Dead(topic, reason, payload) : new Message(topic, parsed, body, null, null);
        }
        catch (JsonException e)
        {
            return Message.Dead(topic, $"No JSON of a {parsed.Kind}: {e.Message}", payload);
        }
    }

    private static object Parse(TopicKind kind, ReadOnlySequence<byte> payload) => kind switch
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

    private static T Parse<T>(ReadOnlySequence<byte> payload, JsonTypeInfo<T> type)
    {
        var reader = new Utf8JsonReader(payload);
        var body = JsonSerializer.Deserialize(ref reader, type) ?? throw new JsonException("It is null.");
        return reader.Read() ? throw new JsonException("More follows after the document.") : body;
    }

    /// <summary>A device speaks for itself only, about what the topic says.</summary>
    private static string? Refuse(ParsedTopic topic, object body)
    {
        if (body is ITelemetry telemetry)
        {
            if (telemetry.Origin is not { } origin) return "It has no origin.";
            if (origin.Device != topic.Device) return $"Its origin is device '{origin.Device}', the topic's is '{topic.Device}'.";
            if (origin.Boot < 1 || origin.Sequence < 1) return $"Boot {origin.Boot} and sequence {origin.Sequence} must be 1 or more.";
            if (origin.Stream is < 0 or > Limits.Streams) return $"Its stream is {origin.Stream}; streams are 0 to {Limits.Streams}.";
        }
        return body switch
        {
            DeviceStatus status when status.Device != topic.Device => $"It is the status of '{status.Device}', the topic's device is '{topic.Device}'.",
            Contracts.Twin.CommandResponse response when response.Device != topic.Device || response.Id != topic.Leaf => "It answers another command, or for another device, than its topic.",
            InspectionReport report when report.Camera != topic.Camera => Camera(report.Camera, topic),
            DriftWindow window when window.Camera != topic.Camera => Camera(window.Camera, topic),
            ZoneReport report when report.Camera != topic.Camera => Camera(report.Camera, topic),
            SampledFrame frame when frame.Camera != topic.Camera => Camera(frame.Camera, topic),
            SampledFrame frame when frame.FrameId != topic.Leaf => $"It is frame '{frame.FrameId}', the topic's is '{topic.Leaf}'.",
            SampledFrame frame when !Frames.JpegHeader.TryReadSize(frame.Jpeg, out _, out _) => "Its picture is no JPEG.",
            SampledFrame { Reasons.Count: 0 } => "It gives no reason for being sampled.",
            _ => null,
        };
    }

    private static string Camera(CameraId camera, ParsedTopic topic) => $"It is of camera '{camera}', the topic's is '{topic.Camera}'.";
}
