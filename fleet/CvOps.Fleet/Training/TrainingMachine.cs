using CvOps.Contracts.Api;

namespace CvOps.Fleet.Training;

/// <summary>What happens to a training run.</summary>
internal enum TrainingEvent { Started, Trained, Packed, Measured, GatePassed, GateRefused, GateInconclusive, Failed, TrainerKilled, FleetRestarted, Cancelled }

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

        // A trial of a search ends with its figures; the search packs the best.
        (TrainingState.Running, TrainingEvent.Measured)         => TrainingState.Trained,

        // The next attempt goes on from the checkpoints, or from the beginning where there are none.
        (TrainingState.Running, TrainingEvent.TrainerKilled)    => TrainingState.Queued,

        // A run that the fleet's end cut off starts again; a model that is registered only lacks its gate.
        (TrainingState.Queued,  TrainingEvent.FleetRestarted)   => TrainingState.Queued,
        (TrainingState.Running, TrainingEvent.FleetRestarted)   => TrainingState.Queued,
        (TrainingState.Packing, TrainingEvent.FleetRestarted)   => TrainingState.Queued,
        (TrainingState.Gating,  TrainingEvent.FleetRestarted)   => TrainingState.Gating,

        (TrainingState.Queued,  TrainingEvent.Failed)           => TrainingState.Failed,
        (TrainingState.Running, TrainingEvent.Failed)           => TrainingState.Failed,
        (TrainingState.Packing, TrainingEvent.Failed)           => TrainingState.Failed,
        (TrainingState.Gating,  TrainingEvent.Failed)           => TrainingState.Failed,

        // What is registered stays registered: once packed, a run can't be taken back.
        (TrainingState.Queued,  TrainingEvent.Cancelled)        => TrainingState.Cancelled,
        (TrainingState.Running, TrainingEvent.Cancelled)        => TrainingState.Cancelled,

        _ => throw new InvalidOperationException($"A training run that is {state} has no answer to {happened}."),
    };

    public static bool IsEnded(TrainingState state) => state is not (TrainingState.Queued or TrainingState.Running or TrainingState.Packing or TrainingState.Gating);

    /// <summary>Whether a person may still cancel it.</summary>
    public static bool IsCancellable(TrainingState state) => state is TrainingState.Queued or TrainingState.Running;
}
