using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Ingest;

/// <summary>What the fleet keeps of an <see cref="InspectionReport"/>; margins are for the device's own use.</summary>
internal sealed class Inspection : ITelemetry
{
    /// <summary>A day: what takes longer is a broken clock, not a latency.</summary>
    private const double LongestMs = 86_400_000;

    public required Origin Origin { get; init; }

    /// <summary>See <see cref="InspectionReport.Trace"/>.</summary>
    public string? Trace { get; init; }

    public required CameraId Camera { get; init; }

    public required long Frame { get; init; }

    public required int Connection { get; init; }

    public string? Part { get; init; }

    public required DateTimeOffset CapturedAt { get; init; }

    public required ModelRef Model { get; init; }

    public string? Class { get; init; }

    /// <summary>0 where the device sent no finite number.</summary>
    public double Confidence { get; init; }

    /// <summary>The prediction rejects the part.</summary>
    public bool Reject { get; init; }

    /// <summary>
    /// Whole microseconds of preprocessing, inference and decoding; null where the device sent no finite number. Without the waiting: a shadow on the same
    /// device makes frames wait, whichever model is in charge.
    /// </summary>
    public long? LatencyUs { get; init; }

    /// <summary>The other model's view of the same frame; null when it did not run.</summary>
    public InspectionShadow? Shadow { get; init; }

    public string? Error { get; init; }

    /// <summary>JSON of a list of <see cref="Detection"/>; empty for none. A part of the message's own bytes.</summary>
    public ReadOnlyMemory<byte> Detections { get; init; }

    public static Inspection Of(InspectionReport report) => new()
    {
        Origin = report.Origin, Trace = report.Trace, Camera = report.Camera, Frame = report.Frame, Connection = report.Connection, Part = report.Part, CapturedAt = report.CapturedAt, Model = report.Model,
        Class = report.Prediction.Class, Confidence = Finite(report.Prediction.Confidence), Reject = report.Prediction.Reject,
        LatencyUs = Microseconds(report.Timings.PreprocessMs + report.Timings.InferenceMs + report.Timings.DecodeMs), Error = report.Error,
        Shadow = report.Shadow is { } shadow ? new InspectionShadow(shadow.Model.Digest, shadow.Prediction.Class, Finite(shadow.Prediction.Confidence), shadow.Prediction.Reject) : null,
        Detections = report.Prediction.Detections is { Count: > 0 } boxes ? JsonSerializer.SerializeToUtf8Bytes(boxes, ContractsJson.Default.IReadOnlyListDetection) : default,
    };

    /// <returns>Null of what is no time.</returns>
    public static long? Microseconds(double milliseconds) => milliseconds is >= 0 and < LongestMs ? (long)(milliseconds * 1000) : null;

    private static double Finite(double value) => double.IsFinite(value) ? value : 0;
}

/// <param name="Model">Digest.</param>
internal sealed record InspectionShadow(string Model, string? Class, double Confidence, bool Reject = false);
