using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Ingest;

/// <summary>What the fleet keeps of an <see cref="InspectionReport"/>; times of its stages and margins are for the device's own use.</summary>
internal sealed class Inspection : ITelemetry
{
    public required Origin Origin { get; init; }

    public required CameraId Camera { get; init; }

    public required long Frame { get; init; }

    public required int Connection { get; init; }

    public string? Part { get; init; }

    public required DateTimeOffset CapturedAt { get; init; }

    public required ModelRef Model { get; init; }

    public string? Class { get; init; }

    /// <summary>0 where the device sent no finite number.</summary>
    public double Confidence { get; init; }

    /// <summary>The other model's view of the same frame; null when it did not run.</summary>
    public InspectionShadow? Shadow { get; init; }

    public string? Error { get; init; }

    /// <summary>JSON of a list of <see cref="Detection"/>; empty for none. A part of the message's own bytes.</summary>
    public ReadOnlyMemory<byte> Detections { get; init; }

    public static Inspection Of(InspectionReport report) => new()
    {
        Origin = report.Origin, Camera = report.Camera, Frame = report.Frame, Connection = report.Connection, Part = report.Part, CapturedAt = report.CapturedAt, Model = report.Model,
        Class = report.Prediction.Class, Confidence = Finite(report.Prediction.Confidence), Error = report.Error,
        Shadow = report.Shadow is { } shadow ? new InspectionShadow(shadow.Model.Digest, shadow.Prediction.Class, Finite(shadow.Prediction.Confidence)) : null,
        Detections = report.Prediction.Detections is { Count: > 0 } boxes ? JsonSerializer.SerializeToUtf8Bytes(boxes, ContractsJson.Default.IReadOnlyListDetection) : default,
    };

    private static double Finite(double value) => double.IsFinite(value) ? value : 0;
}

/// <param name="Model">Digest.</param>
internal sealed record InspectionShadow(string Model, string? Class, double Confidence);
