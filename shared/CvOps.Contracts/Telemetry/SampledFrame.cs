namespace CvOps.Contracts.Telemetry;

/// <summary>A frame worth a person's look. Topic <c>frame/{camera}/{frameId}</c>, QoS 1.</summary>
public sealed record SampledFrame : ITelemetry
{
    public required Origin Origin { get; init; }

    /// <summary>An identifier, unique in the fleet.</summary>
    public required string FrameId { get; init; }

    public required CameraId Camera { get; init; }

    public string? Part { get; init; }

    /// <summary>Number of the frame since the camera was connected, from 0, as in <see cref="InspectionReport.Frame"/>.</summary>
    public long Frame { get; init; }

    /// <summary>Counts the camera's connections within the boot, from 1.</summary>
    public int Connection { get; init; }

    public required DateTimeOffset CapturedAt { get; init; }

    public required ModelRef Model { get; init; }

    public required Prediction Prediction { get; init; }

    public ShadowPrediction? Shadow { get; init; }

    /// <summary>The rules that wanted it, each with its score; never empty.</summary>
    public required IReadOnlyList<SamplingReason> Reasons { get; init; }

    /// <summary>Probability with which this frame came to be kept, (0, 1]; what an unbiased estimate weighs by. Null where the rule cannot know it.</summary>
    public double? InclusionProbability { get; init; }

    public required int Width { get; init; }

    public required int Height { get; init; }

    /// <summary>The picture as JPEG; base64 in JSON.</summary>
    public required byte[] Jpeg { get; init; }
}

/// <summary>A sampling rule's word on a frame.</summary>
/// <param name="Rule">Its name: <c>least-confidence</c>, <c>disagreement</c>, <c>audit</c>.</param>
/// <param name="Score">How much the rule wants it, 0..1.</param>
public sealed record SamplingReason(string Rule, double Score);
