using CvOps.Contracts.Telemetry;

namespace CvOps.Contracts.Api;

/// <summary>Stored and sent by name; only ever added to.</summary>
public enum RolloutState { Scheduled, Canary, Soaking, Advancing, Paused, Stopping, RollingBack, Completed, RolledBack, Aborted, Draft, Shadowing, AwaitingApproval }

public sealed record RolloutView
{
    public required string Id { get; init; }

    public required RolloutPlan Plan { get; init; }

    public required ModelRef Model { get; init; }

    public required RolloutState State { get; init; }

    /// <summary>The state in a sentence with its numbers.</summary>
    public required string Reason { get; init; }

    /// <summary>Index of the ring in progress, from 0.</summary>
    public required int Ring { get; init; }

    public required IReadOnlyList<RolloutDevice> Devices { get; init; }

    public required RolloutEvidence Evidence { get; init; }

    public required IReadOnlyList<RolloutTransition> History { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

public enum RolloutDeviceState { Waiting, Assigned, Updating, Running, Failed, RollingBack, RolledBack }

/// <param name="Previous">The model it had and returns to; null for a first installation.</param>
/// <param name="Parts">Parts it inspected with the new model.</param>
public sealed record RolloutDevice(DeviceId Device, int Ring, RolloutDeviceState State, ModelRef? Previous, long Parts, string? Reason);

/// <summary>Every transition with the evidence it stood on.</summary>
public sealed record RolloutTransition(DateTimeOffset At, RolloutState From, RolloutState To, string Trigger, string Reason, string By);

/// <param name="Reason">For the audit log; must not be empty.</param>
public sealed record RolloutAction(string By, string Reason);
