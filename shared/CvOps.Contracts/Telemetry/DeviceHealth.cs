namespace CvOps.Contracts.Telemetry;

/// <summary>Stale: no frame for a while. Lost: given up, being connected again. Finished: a file played to its end.</summary>
public enum CameraState { Connecting, Live, Stale, Lost, Finished }

/// <summary>How a device is, every few seconds. Topic <c>health</c>, QoS 1.</summary>
public sealed record DeviceHealth : ITelemetry
{
    public required Origin Origin { get; init; }

    public required DateTimeOffset At { get; init; }

    public required double UptimeSeconds { get; init; }

    public required long ResidentBytes { get; init; }

    /// <summary>The execution provider really in use: TensorRT, CUDA or CPU; "" before the first session.</summary>
    public required string Provider { get; init; }

    public required IReadOnlyList<CameraHealth> Cameras { get; init; }

    public required SpoolHealth Spool { get; init; }
}

/// <summary>One camera. Counters run since the agent's start.</summary>
/// <param name="Fps">Frames inspected a second over the last report's interval.</param>
/// <param name="LatencyMsP99">Capture to result, 99th percentile over that interval.</param>
/// <param name="Problem">Why the state is not live, in a sentence that says what to do; null when live.</param>
public sealed record CameraHealth(
    CameraId Camera, CameraState State, double Fps, double LatencyMsP99,
    long FramesInspected, long FramesDropped, long InferenceErrors, int Reconnects, string? Problem);

/// <summary>The spool. Counters run since the agent's start.</summary>
public sealed record SpoolHealth(long WaitingMessages, long WaitingBytes, long BudgetBytes, long EvictedMessages, long DeadLetters);
