using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Telemetry;

/// <summary>Stale: no frame for a while, or the same picture again and again. Lost: given up, being connected again. Finished: a file played to its end.</summary>
public enum CameraState { Connecting, Live, Stale, Lost, Finished }

/// <summary>How a device is, every few seconds. Topic <c>health</c>, QoS 1.</summary>
public sealed record DeviceHealth : ITelemetry
{
    public required Origin Origin { get; init; }

    public required DateTimeOffset At { get; init; }

    [Wire(Unit = "s", Minimum = 0)]
    public required double UptimeSeconds { get; init; }

    [Wire(Unit = "B", Minimum = 0)]
    public required long ResidentBytes { get; init; }

    /// <summary>The execution provider really in use: TensorRT, CUDA or CPU; "" before the first session.</summary>
    public required string Provider { get; init; }

    public required IReadOnlyList<CameraHealth> Cameras { get; init; }

    public required SpoolHealth Spool { get; init; }

    /// <summary>Outputs on the line, a camera each; null where there are none.</summary>
    public IReadOnlyList<ActuationHealth>? Actuation { get; init; }

    /// <summary>Frames since the agent's start that the challenger was not asked about, for want of time.</summary>
    [Wire(Minimum = 0)]
    public long ShadowFramesShed { get; set; }
}

/// <summary>One camera. Counters run since the agent's start.</summary>
/// <param name="Fps">Frames inspected a second over the last report's interval.</param>
/// <param name="LatencyMsP99">Capture to result, 99th percentile over that interval.</param>
/// <param name="Problem">Why the state is not live, in a sentence that says what to do; null when live.</param>
/// <param name="FramesFrozen">Frames that came while the picture stood still or repeated itself; not inspected.</param>
/// <param name="GeometryChanges">How often the size of the pictures changed.</param>
/// <param name="StreamDamages">Lost packets and broken pictures that the decoder lived with.</param>
public sealed record CameraHealth(
    CameraId Camera, CameraState State, [Wire(Unit = "1/s", Minimum = 0)] double Fps, [Wire(Unit = "ms", Minimum = 0)] double LatencyMsP99,
    [Wire(Minimum = 0)] long FramesInspected, [Wire(Minimum = 0)] long FramesDropped, [Wire(Minimum = 0)] long InferenceErrors, [Wire(Minimum = 0)] int Reconnects,
    string? Problem, [Wire(Minimum = 0)] long FramesFrozen = 0, [Wire(Minimum = 0)] int GeometryChanges = 0, [Wire(Minimum = 0)] long StreamDamages = 0)
{
    /// <summary>Frames whose prediction rejects; null from agents that do not say.</summary>
    [Wire(Minimum = 0)]
    public long? Rejects { get; init; }

    /// <summary>The newest frame that had a prediction; null before the first.</summary>
    public LastDecision? Last { get; init; }
}

/// <summary>What was decided of one frame.</summary>
/// <param name="Class">The top class; null when the model found nothing.</param>
/// <param name="Reject">Whether it rejects the part.</param>
public sealed record LastDecision(string? Class, bool Reject);

/// <summary>The spool. Counters run since the agent's start.</summary>
/// <param name="EvictedMessages">Given up for want of room: over the budget, or refused by the disk.</param>
public sealed record SpoolHealth(
    [Wire(Minimum = 0)] long WaitingMessages, [Wire(Unit = "B", Minimum = 0)] long WaitingBytes, [Wire(Unit = "B", Minimum = 0)] long BudgetBytes,
    [Wire(Minimum = 0)] long EvictedMessages, [Wire(Minimum = 0)] long DeadLetters)
{
    /// <summary>Of what is waiting; null from agents that kept one queue for all.</summary>
    public IReadOnlyList<SpoolClassHealth>? Classes { get; init; }

    /// <summary>What was given up, by kind and reason; null where nothing was.</summary>
    public IReadOnlyList<SpoolLoss>? Losses { get; init; }
}

/// <summary>One class of messages in the spool.</summary>
/// <param name="Name">control, results, evidence or frames; earlier for what an agent without classes left.</param>
public sealed record SpoolClassHealth(
    string Name, [Wire(Minimum = 0)] long WaitingMessages, [Wire(Unit = "B", Minimum = 0)] long WaitingBytes, [Wire(Unit = "B", Minimum = 0)] long BudgetBytes);

/// <summary>Budget: it was the least worth having when there was no room. Expired: its time to live was over before the fleet had it. Disk: it could not be written.</summary>
public enum SpoolLossReason { Budget, Expired, Disk }

/// <summary>Messages the spool gave up since the agent's start.</summary>
/// <param name="Kind">What their topic carries; null for topics of other trees.</param>
public sealed record SpoolLoss(TopicKind? Kind, SpoolLossReason Reason, [Wire(Minimum = 0)] long Messages)
{
    /// <summary>When the newest of them was given up; null from agents that do not say.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>One camera's outputs. Counters run since the agent's start.</summary>
/// <param name="Healthy">Whether they say that parts are inspected; false is the fail-safe level.</param>
/// <param name="Triggers">Parts a sensor announced.</param>
/// <param name="Decided">Parts whose decision was there when they were due.</param>
/// <param name="DeadlineMisses">Parts whose decision came too late or not at all.</param>
/// <param name="NoPrediction">Parts whose frame gave no prediction.</param>
/// <param name="Rejects">Parts the ejector was driven for.</param>
/// <param name="LatestMs">The latest ejection after its due time.</param>
public sealed record ActuationHealth(
    CameraId Camera, bool Healthy, [Wire(Minimum = 0)] long Triggers, [Wire(Minimum = 0)] long Decided, [Wire(Minimum = 0)] long DeadlineMisses,
    [Wire(Minimum = 0)] long NoPrediction, [Wire(Minimum = 0)] long Rejects, [Wire(Unit = "ms")] double LatestMs);
