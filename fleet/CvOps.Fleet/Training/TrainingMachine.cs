using CvOps.Contracts.Api;

namespace CvOps.Fleet.Training;

/// <summary>What happens to a training run.</summary>
internal enum TrainingEvent { Started, Trained, Packed, GatePassed, GateRefused, GateInconclusive, Failed, FleetRestarted }

/// <summary>A training run's table. Whatever is not in it is a bug and throws.</summary>
internal static class TrainingMachine
{
    /// <exception cref="InvalidOperationException">The pair is not in the table.</exception>
    public static TrainingState Next(TrainingState state, TrainingEvent happened) => (state, happened) switch
    {
        (TrainingState.Queued,  TrainingEvent.Started)          => TrainingState.Running,
        (TrainingState.Running, TrainingEvent.Trained)          => TrainingState.Packing,
        (TrainingState.Packing, TrainingEvent.Packed)           => TrainingState.Gating,
        (TrainingState.Gating,  TrainingEvent.GatePassed)       => TrainingState.Passed,
        (TrainingState.Gating,  TrainingEvent.GateRefused)      => TrainingState.Refused,
        (TrainingState.Gating,  TrainingEvent.GateInconclusive) => TrainingState.Inconclusive,

        // Training is deterministic, so a run that the fleet's end cut off starts again from its request; a model that is registered only
        // lacks its gate.
        (TrainingState.Queued,  TrainingEvent.FleetRestarted)   => TrainingState.Queued,
        (TrainingState.Running, TrainingEvent.FleetRestarted)   => TrainingState.Queued,
        (TrainingState.Packing, TrainingEvent.FleetRestarted)   => TrainingState.Queued,
        (TrainingState.Gating,  TrainingEvent.FleetRestarted)   => TrainingState.Gating,

        (TrainingState.Queued,  TrainingEvent.Failed)           => TrainingState.Failed,
        (TrainingState.Running, TrainingEvent.Failed)           => TrainingState.Failed,
        (TrainingState.Packing, TrainingEvent.Failed)           => TrainingState.Failed,
        (TrainingState.Gating,  TrainingEvent.Failed)           => TrainingState.Failed,

        _ => throw new InvalidOperationException($"A training run that is {state} has no answer to {happened}."),
    };

    public static bool IsEnded(TrainingState state) =>
        state is TrainingState.Passed or TrainingState.Refused or TrainingState.Inconclusive or TrainingState.Failed;
}
