using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Rollouts;

internal enum RolloutVerb { Pause, Resume, Abort, Rollback, Start, Approve, Retry }

/// <param name="Refusal">Why the action has no place in this state; null when it was taken.</param>
[GenerateSerializer, Immutable]
internal sealed record ActionOutcome([property: Id(0)] RolloutView? View, [property: Id(1)] string? Refusal);

/// <summary>One rollout; the key is its id.</summary>
internal interface IRolloutGrain : IGrainWithStringKey
{
    /// <summary>Writes the plan of a rollout down whose rows are there; the first <see cref="Tick"/> lets it loose. A draft may be given another plan; any other call changes nothing.</summary>
    Task<RolloutView> Create(RolloutPlan plan, ModelRef model, RolloutCoverage? coverage, string by, bool draft);

    /// <summary>The draft is about to get other rows: until <see cref="Create"/>, a minute at most, it takes no verb.</summary>
    /// <returns>False when it is no draft.</returns>
    Task<bool> HoldDraft();

    /// <param name="withDevices">The first thousand devices too.</param>
    /// <returns>Null when there is no such rollout.</returns>
    Task<RolloutView?> Read(bool withDevices);

    Task<ActionOutcome> Act(RolloutVerb verb, RolloutAction action);

    /// <summary>Looks at what came in and does what follows from it.</summary>
    Task Judge();

    /// <summary>As <see cref="Judge"/>, and starts the clock of a rollout that runs.</summary>
    Task Tick();
}
