using System.Collections.Concurrent;
using System.Diagnostics;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Observability.Tracing;

namespace CvOps.Agent.Telemetry;

/// <summary>
/// Traces the way of a few frames: capture, waiting, preprocessing, inference, decoding here; spool and publishing in the uplink; the ingest and the grains in the fleet, which go on
/// with what the message says. Whoever decides is this class alone: a traced frame is traced everywhere. A frame that is not traced costs one comparison.
/// </summary>
internal sealed class FrameTracer(ActivitySource source, double ratio, Random chance, TimeProvider time)
{
    public const string Source = "CvOps.Agent";

    private readonly ConcurrentDictionary<CameraId, string> _newest = [];

    /// <summary>After the frame was inspected, before its message is made.</summary>
    /// <returns>What its message has to carry; null: it is not traced.</returns>
    public string? Trace(in InspectedFrame inspected)
    {
        if (!source.HasListeners() || ratio <= 0 || (ratio < 1 && chance.NextDouble() >= ratio)) return null;
        var (frame, timings, end) = (inspected.Frame, inspected.Timings, time.GetUtcNow());
        var begun = end - time.GetElapsedTime(frame.ReceivedTimestamp);
        using var whole = source.StartActivity("frame", ActivityKind.Internal, default(ActivityContext), startTime: begun);
        if (whole is null) return null;
        whole.SetTag("cvops.camera", inspected.Camera.Value).SetTag("cvops.frame", frame.Number).SetTag("cvops.connection", frame.Connection).SetTag("cvops.captured_at", frame.CapturedAt.ToString("O"))
            .SetTag("cvops.model", $"{inspected.Model.Ref.Name} {inspected.Model.Ref.Version}").SetTag("cvops.reject", inspected.Prediction.Reject);
        if (inspected.Error is { } error) whole.SetStatus(ActivityStatusCode.Error, error);
        // The stages are known by their lengths: all waiting is drawn before the first of them.
        var at = begun;
        foreach (var (stage, ms) in new[] { ("wait", timings.QueueMs), ("preprocess", timings.PreprocessMs), ("inference", timings.InferenceMs), ("decode", timings.DecodeMs) })
        {
            var until = at + TimeSpan.FromMilliseconds(Math.Max(0, ms));
            using var part = source.StartActivity(stage, ActivityKind.Internal, whole.Context, startTime: at);
            part?.SetEndTime(until.UtcDateTime);
            at = until;
        }
        whole.SetEndTime(end.UtcDateTime);
        return _newest[inspected.Camera] = TraceText.Of(whole.Context);
    }

    /// <summary>Of the newest traced frame of a camera that nobody has taken yet, for a message about many of its frames. Null when there is none.</summary>
    public string? Take(CameraId camera) => _newest.TryRemove(camera, out var trace) ? trace : null;
}
