using System.Text.Json.Serialization;
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

    /// <summary>Null from a device that takes no configuration from afar.</summary>
    public ReportedConfiguration? Configuration { get; init; }

    /// <summary>Null from a device that can't change its agent's program.</summary>
    public ReportedProgram? Program { get; init; }
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

    /// <summary>How far <see cref="Target"/> is to go; null from a device that knows no stages, and so must be asked for no shadow.</summary>
    public ModelStage? Stage { get; init; }

    /// <summary>The model that infers beside the one in charge because the twin asks for a shadow; null while there is none.</summary>
    public ReportedShadow? Shadow { get; init; }
}

/// <summary>How a shadow does. Said at its start, whenever the frames have doubled, and every ten minutes; counts run from <paramref name="Since"/>.</summary>
/// <param name="Since">When it began to infer, on the device's clock; a restart begins anew.</param>
/// <param name="Frames">Both models gave a prediction for.</param>
/// <param name="Discordant">Of them, those with different top classes.</param>
/// <param name="Failures">Frames for which the shadow gave none.</param>
/// <param name="Skipped">Frames it was not asked about, because the line left no time.</param>
public sealed record ReportedShadow(
    Telemetry.ModelRef Model, string? Rollout, DateTimeOffset Since, [Wire(Minimum = 0)] long Frames, [Wire(Minimum = 0)] long Discordant,
    [Wire(Minimum = 0)] long Failures, [Wire(Minimum = 0)] long Skipped);

/// <param name="Fraction">0..1 of the step.</param>
/// <param name="Bytes">Fetched so far; null for a step that fetches nothing.</param>
public sealed record ReportedProgress([Wire(Minimum = 0, Maximum = 1)] double Fraction, [Wire(Unit = "B", Minimum = 0)] long? Bytes, [Wire(Unit = "B", Minimum = 0)] long? OfBytes);

/// <param name="For">What is waited for, in words that follow "waits for".</param>
/// <param name="Since">On the device's clock.</param>
/// <param name="Until">When it comes by itself, such as the next maintenance window; null when nobody knows.</param>
public sealed record ReportedWait(string For, DateTimeOffset Since, DateTimeOffset? Until);

/// <summary>
/// Where a configuration from afar stands. None: the device's own file is all. Overruled: a person at the device has set it aside.
/// Stored and sent by name; only ever added to.
/// </summary>
public enum ConfigurationState { None, Applying, Soaking, Committed, RollingBack, RolledBack, Refused, Overruled }

/// <summary>Which settings a device lives by.</summary>
public sealed record ReportedConfiguration
{
    public required ConfigurationState State { get; init; }

    /// <summary>In force now: its digest; null when the device's own file is all.</summary>
    [Wire(Pattern = WireAttribute.Sha256)]
    public string? Active { get; init; }

    /// <summary>What a rollback returns to; null for the device's own file.</summary>
    [Wire(Pattern = WireAttribute.Sha256)]
    public string? Previous { get; init; }

    /// <summary>What the change in progress, or the last one, is about; null when it is the device's own file.</summary>
    [Wire(Pattern = WireAttribute.Sha256)]
    public string? Target { get; init; }

    /// <summary>Why it was refused, rolled back or overruled: every mistake, a line each; null when it was not.</summary>
    public string? Reason { get; init; }

    /// <summary>When <see cref="State"/> was entered, on the device's clock.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>
/// Where a change of the agent's program stands. Trial: the new program runs and has not proven itself. Overruled: somebody installed another program on the
/// device itself, which wins. Stored and sent by name; only ever added to.
/// </summary>
public enum ProgramState { Idle, Downloading, Verifying, Unpacking, Checking, Waiting, Trial, Committed, RolledBack, Failed, Overruled }

/// <summary>Which program a device's agent is, and where a change of it stands.</summary>
public sealed record ReportedProgram
{
    public required ProgramState State { get; init; }

    /// <summary>Of the program that runs.</summary>
    public required string Version { get; init; }

    /// <summary>The slot it runs from, <c>a</c> or <c>b</c>; null for the program that was installed on the device.</summary>
    public string? Slot { get; init; }

    /// <summary>Of the program that was installed on the device, which is always there to go back to.</summary>
    public required string Installed { get; init; }

    /// <summary>The machine, as programs for it are named: <c>linux-x64</c>, <c>linux-arm64</c>.</summary>
    public required string Runtime { get; init; }

    /// <summary>What the change in progress, or the last one, is about: the digest of its package.</summary>
    [Wire(Pattern = WireAttribute.Sha256)]
    public string? Target { get; init; }

    /// <summary>The version of <see cref="Target"/>.</summary>
    public string? TargetVersion { get; init; }

    /// <summary>The <see cref="DesiredProgram.Attempt"/> this answers.</summary>
    [Wire(Minimum = 0)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Attempt { get; init; }

    /// <summary>Why the last change failed, was taken back or overruled, in a sentence; null when it was not.</summary>
    public string? Reason { get; init; }

    /// <summary>When <see cref="State"/> was entered, on the device's clock.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>How far the step in progress is; null when it can't be told.</summary>
    public ReportedProgress? Progress { get; init; }

    /// <summary>What the step in progress stands still for; null when it moves.</summary>
    public ReportedWait? Wait { get; init; }
}
