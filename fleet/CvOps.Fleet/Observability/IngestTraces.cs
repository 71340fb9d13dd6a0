using System.Diagnostics;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Ingest;
using CvOps.Observability.Tracing;

namespace CvOps.Fleet.Observability;

/// <summary>Goes on with the traces that messages carry: a span for the way from the broker to the disk, and one around what grains are told. Nothing is traced that a device has not begun.</summary>
internal sealed class IngestTraces(ActivitySource source, TimeProvider time)
{
    public const string Source = "CvOps.Fleet";

    /// <summary>A batch is durable.</summary>
    /// <param name="begun">When it was begun.</param>
    public void TakenIn(IReadOnlyList<Message> batch, DateTimeOffset begun)
    {
        if (!source.HasListeners()) return;
        var end = time.GetUtcNow();
        foreach (var message in batch)
        {
            if (message.Topic is not { } topic || !TraceText.TryParse(TraceOf(message.Body), out var parent)) continue;
            using var span = source.StartActivity($"ingest {topic.Kind.ToString().ToLowerInvariant()}", ActivityKind.Consumer, parent, startTime: begun);
            span?.SetTag("messaging.system", "mqtt").SetTag("messaging.destination.name", message.Name).SetTag("messaging.batch.message_count", batch.Count).SetTag("cvops.site", topic.Site.Value)
                .SetTag("cvops.device", topic.Device.Value).SetEndTime(end.UtcDateTime);
        }
    }

    /// <summary>Until it is disposed, what grains are asked is a part of the trace.</summary>
    /// <returns>Null when there is none.</returns>
    public Activity? Begin(string name, string? trace) =>
        trace is not null && source.HasListeners() && TraceText.TryParse(trace, out var parent) ? source.StartActivity(name, ActivityKind.Internal, parent) : null;

    private static string? TraceOf(object? body) => body switch
    {
        Inspection inspection => inspection.Trace,
        DriftWindow window => window.Trace,
        _ => null,
    };
}
