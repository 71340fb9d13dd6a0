using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Twin;

/// <summary>Where a model update stands. Stored and sent by name; only ever added to.</summary>
public enum UpdateState { Idle, Downloading, Verifying, Preparing, SelfTesting, Swapping, Soaking, Committed, RollingBack, RolledBack, Failed, Shadowing }

/// <summary>What a device says of itself. Retained on <c>twin/reported</c>; the whole document each time.</summary>
public sealed record TwinReported
{
    /// <summary>The desired document this answers; 0 before the first.</summary>
    [Wire(Minimum = 0)]
    public required long DesiredVersion { get; init; }

    [Wire(Minimum = 0)]
    public required long Boot { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string AgentVersion { get; init; }

    /// <summary>The execution provider really in use.</summary>
    public required string Provider { get; init; }

    public required IReadOnlyList<ReportedCamera> Cameras { get; init; }

    public required ReportedModel Model { get; init; }
}

/// <param name="Source">The camera's address without user and password.</param>
public sealed record ReportedCamera(CameraId Camera, string Source, [Wire(Unit = "px", Minimum = 0)] int Width, [Wire(Unit = "px", Minimum = 0)] int Height);

/// <summary>The model slots and the update.</summary>
public sealed record ReportedModel
{
    public required UpdateState State { get; init; }

    /// <summary>In charge now; null before the first model.</summary>
    public Telemetry.ModelRef? Active { get; init; }

    /// <summary>Kept warm for an instant return; null when there is none.</summary>
    public Telemetry.ModelRef? Previous { get; init; }

    /// <summary>What the update in progress, or the last one, is about: the digest of its package.</summary>
    [Wire(Pattern = WireAttribute.Sha256)]
    public string? Target { get; init; }

    /// <summary>Why the last update failed or was rolled back, in a sentence; null when it did not.</summary>
    public string? Reason { get; init; }

    /// <summary>When <see cref="State"/> was entered, on the device's clock; null from a device that does not say.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>How far the step in progress is; null when it can't be told.</summary>
    public ReportedProgress? Progress { get; init; }

    /// <summary>What the step in progress stands still for; null when it moves. A device that waits has neither failed nor stopped answering.</summary>
    public ReportedWait? Wait { get; init; }
}

/// <param name="Fraction">0..1 of the step.</param>
/// <param name="Bytes">Fetched so far; null for a step that fetches nothing.</param>
public sealed record ReportedProgress([Wire(Minimum = 0, Maximum = 1)] double Fraction, [Wire(Unit = "B", Minimum = 0)] long? Bytes, [Wire(Unit = "B", Minimum = 0)] long? OfBytes);

/// <param name="For">What is waited for, in words that follow "waits for".</param>
/// <param name="Since">On the device's clock.</param>
/// <param name="Until">When it comes by itself, such as the next maintenance window; null when nobody knows.</param>
public sealed record ReportedWait(string For, DateTimeOffset Since, DateTimeOffset? Until);
