using CvOps.Contracts.Telemetry;

namespace CvOps.Contracts.Api;

/// <summary>Stored and sent by name; only ever added to.</summary>
public enum RolloutState { Scheduled, Canary, Soaking, Advancing, Paused, Stopping, RollingBack, Completed, RolledBack, Aborted, Draft, Shadowing, AwaitingApproval }

public sealed record RolloutView
{
    public required string Id { get; init; }

    public required RolloutPlan Plan { get; init; }

    /// <summary>What is rolled out; a configuration is named "configuration" and has the beginning of its digest for a version.</summary>
    public required ModelRef Model { get; init; }

    public required RolloutState State { get; init; }

    /// <summary>The state in a sentence with its numbers.</summary>
    public required string Reason { get; init; }

    /// <summary>Index of the ring in progress, from 0.</summary>
    public required int Ring { get; init; }

    /// <summary>The first thousand by ring and place; <c>rollouts/{id}/devices</c> has all, a page at a time. Empty in lists.</summary>
    public required IReadOnlyList<RolloutDevice> Devices { get; init; }

    /// <summary>Every ring with how many of its devices are where.</summary>
    public IReadOnlyList<RolloutRingView> Rings { get; set; } = [];

    /// <summary>How far its rings looked like the whole when they were dealt; null for rollouts of before that was kept.</summary>
    public RolloutCoverage? Coverage { get; init; }

    public required RolloutEvidence Evidence { get; init; }

    public required IReadOnlyList<RolloutTransition> History { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    public string CreatedBy { get; set; } = "";
}

/// <param name="Devices">How many it has.</param>
/// <param name="States">How many of them are in which state; those with none are left out.</param>
/// <param name="Parts">Parts inspected under the new payload.</param>
public sealed record RolloutRingView(string Name, long Devices, IReadOnlyDictionary<RolloutDeviceState, long> States, long Parts);

/// <summary>
/// Where a device of a rollout is. Shadowing: it asks the new model beside its own. Skipped: its ring goes on without it, and it still gets the payload when it
/// comes back. Stored and sent by name; only ever added to.
/// </summary>
public enum RolloutDeviceState { Waiting, Assigned, Updating, Running, Failed, RollingBack, RolledBack, Shadowing, Skipped }

/// <param name="Previous">The model it had and returns to; null for a first installation.</param>
/// <param name="Parts">Parts it inspected with the new model.</param>
public sealed record RolloutDevice(DeviceId Device, int Ring, RolloutDeviceState State, ModelRef? Previous, long Parts, string? Reason);

/// <summary>A page of a rollout's devices, by ring and place.</summary>
/// <param name="Next">To ask for the next page with; null on the last.</param>
public sealed record RolloutDevicePage(IReadOnlyList<RolloutDevice> Devices, long? Next);

/// <summary>Every transition with the evidence it stood on.</summary>
public sealed record RolloutTransition(DateTimeOffset At, RolloutState From, RolloutState To, string Trigger, string Reason, string By)
{
    /// <summary>Index of the ring then in progress.</summary>
    public int Ring { get; set; }

    /// <summary>Counts and e-values of that moment, without the curve; null for steps of before they were kept.</summary>
    public RolloutEvidence? Evidence { get; init; }
}

/// <param name="Reason">For the audit log; must not be empty.</param>
public sealed record RolloutAction(string By, string Reason);

/// <summary>The emergency stop of every rollout. While it is on, no device is told to take anything new; returns to what a device had go on.</summary>
/// <param name="Paused">Rollouts that it paused, by id.</param>
public sealed record EmergencyStop(bool On, DateTimeOffset? At, string? By, string? Reason, IReadOnlyList<string> Paused);
