using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Telemetry;

/// <summary>Where a capture time comes from; decides how far to trust it.</summary>
public enum TimeSource { Host, Container, Rtcp }

/// <summary>One frame inspected. Topic <c>inspection/{camera}</c>, QoS 1.</summary>
/// <remarks>Settable: a device refills the same one for every frame.</remarks>
public sealed record InspectionReport : ITelemetry
{
    public required Origin Origin { get; set; }

    /// <summary>The span of this frame on the device, as W3C Trace Context writes a <c>traceparent</c>, for whoever goes on with the trace; null for the frames that are not traced, which are nearly all.</summary>
    public string? Trace { get; set; }

    public required CameraId Camera { get; set; }

    /// <summary>Number of the frame since this camera was connected, from 0; with <see cref="Connection"/> it names the frame.</summary>
    [Wire(Minimum = 0)]
    public required long Frame { get; set; }

    /// <summary>Counts the camera's connections within the boot, from 1.</summary>
    [Wire(Minimum = 0)]
    public required int Connection { get; set; }

    /// <summary>What the picture itself says the part is, read from its part code; null when the camera has none configured.</summary>
    public string? Part { get; set; }

    public required DateTimeOffset CapturedAt { get; set; }

    public required TimeSource TimeSource { get; set; }

    /// <summary>Half width of the interval the true capture time lies in, milliseconds.</summary>
    [Wire(Unit = "ms", Minimum = 0)]
    public required double TimeUncertaintyMs { get; set; }

    /// <summary>The model in charge, whose prediction counted.</summary>
    public required ModelRef Model { get; set; }

    public required Prediction Prediction { get; set; }

    /// <summary>The other warm model's view of the same frame, when it ran: the paired evidence of a rollout.</summary>
    public ShadowPrediction? Shadow { get; set; }

    public required FrameTimings Timings { get; set; }

    /// <summary>Why this frame gave no prediction (NaN output, failed run); null when all went well.</summary>
    public string? Error { get; set; }
}

/// <summary>A model that was asked but did not count.</summary>
public sealed record ShadowPrediction(ModelRef Model, Prediction Prediction);

/// <summary>Milliseconds a frame spent in each stage; queue is all the waiting between them.</summary>
/// <remarks>Settable: refilled for every frame.</remarks>
public sealed record FrameTimings(double QueueMs, double PreprocessMs, double InferenceMs, double DecodeMs)
{
    [Wire(Unit = "ms", Minimum = 0)]
    public double QueueMs { get; set; } = QueueMs;

    [Wire(Unit = "ms", Minimum = 0)]
    public double PreprocessMs { get; set; } = PreprocessMs;

    [Wire(Unit = "ms", Minimum = 0)]
    public double InferenceMs { get; set; } = InferenceMs;

    [Wire(Unit = "ms", Minimum = 0)]
    public double DecodeMs { get; set; } = DecodeMs;
}
