using System.Text;
using CvOps.Agent.Telemetry;
using MQTTnet.Packets;

namespace CvOps.Agent.Link;

/// <summary>
/// CloudEvents 1.0 attributes of one message as MQTT 5 user properties (binary content mode of the MQTT protocol binding 1.0.2). Belongs to one message on
/// its way and is used again for the next: after the first few nothing is allocated.
/// </summary>
internal sealed class CloudEventProperties(CloudEventNames names)
{
    /// <summary>Where a payload says its time: behind origin, camera, part and model at most.</summary>
    private const int TimeWithin = 1024;

    private readonly List<MqttUserProperty> _properties = new(8);
    private readonly VaryingProperty _id = new("id");
    private readonly VaryingProperty _time = new("time");
    private readonly VaryingProperty _trace = new("traceparent");

    /// <param name="payload">UTF-8 JSON, as <see cref="Spool.OriginStamp"/> begins it.</param>
    /// <returns>Good until the next call; null for a topic that no device writes.</returns>
    public List<MqttUserProperty>? Of(string topic, ReadOnlySpan<byte> payload)
    {
        if (names.KindOf(topic) is not { } kind) return null;
        var time = kind.TimeField is null ? default : TextBehind(payload[..Math.Min(payload.Length, TimeWithin)], kind.TimeField);
        _properties.Clear();
        _properties.Add(names.SpecVersion);
        _properties.Add(Id(kind, topic, payload, time));
        _properties.Add(names.Source);
        _properties.Add(kind.Type);
        if (_time.Of(time) is { } when) _properties.Add(when);
        if (names.SubjectOf(kind, topic) is { } subject) _properties.Add(subject);
        _properties.Add(kind.Schema);
        // CloudEvents' extension for distributed tracing, and the name by which W3C Trace Context travels in MQTT.
        if (_trace.Of(PayloadTrace.Of(payload)) is { } trace) _properties.Add(trace);
        return _properties;
    }

    /// <summary>The same whenever the message is sent again: its origin, or what else makes it the only one. A status has nothing such: each is an event of its own.</summary>
    private MqttUserProperty Id(CloudEventKind kind, string topic, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> time)
    {
        Span<byte> id = stackalloc byte[VaryingProperty.Longest];
        if (Origin(payload, id) is > 0 and var length && _id.Of(id[..length]) is { } numbered) return numbered;
        var own = kind.Leaf ? topic[(topic.LastIndexOf('/') + 1)..] : time.IsEmpty ? Guid.NewGuid().ToString("N") : Encoding.UTF8.GetString(time);
        return CloudEventNames.Property("id", $"{kind.Head.TrimEnd('/')}-{own}");
    }

    /// <summary>Boot, sequence and stream with dashes between them.</summary>
    /// <returns>Bytes written; 0 when the message does not begin with an origin.</returns>
    private static int Origin(ReadOnlySpan<byte> payload, Span<byte> id)
    {
        if (!payload.StartsWith("{\"origin\":{\"device\":\""u8)) return 0;
        var end = payload.IndexOf((byte)'}');
        if (end < 0) return 0;
        var origin = payload[..end];
        var written = 0;
        if (!Digits(origin, "\"boot\":"u8, id, ref written) || !Digits(origin, "\"sequence\":"u8, id, ref written)) return 0;
        Digits(origin, "\"stream\":"u8, id, ref written);
        return written;
    }

    private static bool Digits(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> field, Span<byte> id, ref int written)
    {
        var at = origin.IndexOf(field);
        if (at < 0) return false;
        var number = origin[(at + field.Length)..];
        var length = number.IndexOfAnyExceptInRange((byte)'0', (byte)'9') is >= 0 and var stop ? stop : number.Length;
        if (length == 0 || written + 1 + length > id.Length) return false;
        if (written > 0) id[written++] = (byte)'-';
        number[..length].CopyTo(id[written..]);
        written += length;
        return true;
    }

    private static ReadOnlySpan<byte> TextBehind(ReadOnlySpan<byte> json, ReadOnlySpan<byte> field)
    {
        // A quote within a text is escaped, so this can't be part of one.
        var at = json.IndexOf(field);
        if (at < 0) return default;
        var text = json[(at + field.Length)..];
        return text.IndexOf((byte)'"') is >= 0 and var end ? text[..end] : default;
    }
}
