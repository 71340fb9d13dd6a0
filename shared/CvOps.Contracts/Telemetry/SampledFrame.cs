using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Telemetry;

/// <summary>A frame worth a person's look. Topic <c>frame/{camera}/{frameId}</c>, QoS 1.</summary>
public sealed record SampledFrame : ITelemetry
{
    public required Origin Origin { get; init; }

    /// <summary>An identifier, unique in the fleet.</summary>
    [Wire(Pattern = WireAttribute.Name)]
    public required string FrameId { get; init; }

    public required CameraId Camera { get; init; }

    public string? Part { get; init; }

    /// <summary>Number of the frame since the camera was connected, from 0, as in <see cref="InspectionReport.Frame"/>.</summary>
    [Wire(Minimum = 0)]
    public long Frame { get; init; }

    /// <summary>Counts the camera's connections within the boot, from 1.</summary>
    [Wire(Minimum = 0)]
    public int Connection { get; init; }

    public required DateTimeOffset CapturedAt { get; init; }

    public required ModelRef Model { get; init; }

    public required Prediction Prediction { get; init; }

    public ShadowPrediction? Shadow { get; init; }

    /// <summary>The rules that wanted it, each with its score; never empty. <c>audit</c> and <c>disagreement</c> come first and only when their draw picked it.</summary>
    public required IReadOnlyList<SamplingReason> Reasons { get; init; }

    /// <summary>
    /// Probability with which this frame came to be kept, by whichever rule, (0, 1]: an unbiased estimate weighs it by one over this. Null where it
    /// can't be known, as in frames of earlier agents; such a frame belongs into no estimate.
    /// </summary>
    [Wire(Minimum = 0, Maximum = 1)]
    public double? InclusionProbability { get; init; }

    [Wire(Unit = "px", Minimum = 1)]
    public required int Width { get; init; }

    [Wire(Unit = "px", Minimum = 1)]
    public required int Height { get; init; }

    /// <summary>The part of the picture that the prediction's boxes lie in, with some surroundings; null without boxes. The picture is whole.</summary>
    public FrameCrop? Crop { get; init; }

    /// <summary>The picture as JPEG, privacy masks burned in; base64 in JSON. Of a preview it may be smaller than <see cref="Width"/> says.</summary>
    public required byte[] Jpeg { get; init; }

    /// <summary>Nobody keeps it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsPreview => Reasons is [{ Rule: Limits.PreviewRule }];
}

/// <summary>A sampling rule's word on a frame.</summary>
/// <param name="Rule">
/// Its name: <c>audit</c>, <c>disagreement</c>, <c>least-confidence</c>, <c>margin</c>, <c>entropy</c>, <c>near-threshold</c>, <c>detection-count</c>,
/// <c>temporal</c>, <c>novelty</c>, <c>rare-class</c>, <c>out-of-domain</c>; <c>import</c> for a picture from outside; <c>preview</c>, alone, for one that a person looks at live: it is shown and not kept.
/// </param>
/// <param name="Score">How much the rule wants it, 0..1.</param>
public sealed record SamplingReason(string Rule, [Wire(Minimum = 0, Maximum = 1)] double Score);

/// <summary>A rectangle of a picture, in its pixels, origin top left.</summary>
public sealed record FrameCrop(
    [Wire(Unit = "px", Minimum = 0)] int X, [Wire(Unit = "px", Minimum = 0)] int Y, [Wire(Unit = "px", Minimum = 0)] int Width, [Wire(Unit = "px", Minimum = 0)] int Height);
