using System.Diagnostics;
using System.Text;
using CvOps.Agent.Spool;
using CvOps.Observability.Tracing;

namespace CvOps.Agent.Telemetry;

/// <summary>The trace that a spooled message carries. It survives restarts, since it is part of the message.</summary>
internal static class PayloadTrace
{
    /// <param name="payload">UTF-8 JSON, as <see cref="OriginStamp"/> begins it.</param>
    /// <returns>ASCII; empty when it carries none.</returns>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> payload)
    {
        // Right behind the origin, which holds no brackets.
        var end = payload.IndexOf((byte)'}');
        if (end < 0 || !payload[(end + 1)..].StartsWith(",\"trace\":\""u8)) return default;
        var text = payload[(end + 1 + ",\"trace\":\""u8.Length)..];
        return text.Length > TraceText.Length && text[TraceText.Length] == (byte)'"' ? text[..TraceText.Length] : default;
    }

    /// <summary>Draws the time that a message has waited in the spool, and begins its way to the broker.</summary>
    /// <returns>To be ended with the broker's answer; null when the message is not traced, or nobody listens.</returns>
    public static Activity? BeginPublish(ActivitySource source, SpoolRecord record, TimeProvider time)
    {
        if (!source.HasListeners() || Of(record.Payload.Span) is not { Length: > 0 } text || !TraceText.TryParse(Encoding.ASCII.GetString(text), out var frame)) return null;
        var now = time.GetUtcNow();
        if (record.WrittenAt > 0)
        {
            using var waited = source.StartActivity("spool", ActivityKind.Internal, frame, startTime: DateTimeOffset.FromUnixTimeMilliseconds(record.WrittenAt));
            waited?.SetTag("cvops.spool.class", SpoolClasses.Name(record.Class)).SetEndTime(now.UtcDateTime);
        }
        var publish = source.StartActivity($"publish {record.Topic}", ActivityKind.Producer, frame, startTime: now);
        publish?.SetTag("messaging.system", "mqtt").SetTag("messaging.destination.name", record.Topic).SetTag("messaging.message.body.size", record.Payload.Length);
        // It ends elsewhere; what this thread does next is no part of it.
        Activity.Current = null;
        return publish;
    }
}
