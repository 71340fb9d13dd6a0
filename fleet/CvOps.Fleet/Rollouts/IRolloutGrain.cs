using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts;

internal enum RolloutVerb { Pause, Resume, Abort, Rollback }

/// <param name="Refusal">Why the action has no place in this state; null when it was taken.</param>
[GenerateSerializer, Immutable]
internal sealed record ActionOutcome([property: Id(0)] RolloutView? View, [property: Id(1)] string? Refusal);

/// <summary>One rollout; the key is its id.</summary>
internal interface IRolloutGrain : IGrainWithStringKey
{
    /// <summary>Writes the rollout down as Scheduled; the first <see cref="Tick"/> lets it loose. Once: a second call changes nothing.</summary>
    Task<RolloutView> Create(RolloutPlan plan, ModelRef model, IReadOnlyList<RolloutDevice> devices, string by);

    /// <returns>Null when there is no such rollout.</returns>
    Task<RolloutView?> Read();

    Task<ActionOutcome> Act(RolloutVerb verb, RolloutAction action);

    /// <summary>Counts a batch of a device's inspections. Durable when it returns; telling it twice is harmless.</summary>
    Task Observe(RolloutTally tally);

    Task DeviceReported(DeviceId device, TwinReported reported);

    /// <summary>Counts a labelled frame that both models saw. Durable when it returns; telling it twice is harmless.</summary>
    Task FrameJudged(FrameView frame);

    /// <summary>Looks whether there is something to do, and does a bounded piece of it. Starts the clock of a rollout that runs.</summary>
    Task Tick();
}
