using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts;

/// <summary>What can happen to a rollout.</summary>
internal enum RolloutEvent
{
    /// <summary>The first ring may have the model.</summary>
    Start,

    /// <summary>Every device of the ring runs the model, or failed within what the guardrails allow.</summary>
    RingTaken,

    /// <summary>The gate let the ring through and another follows.</summary>
    RingPassed,

    /// <summary>The gate let the last ring through.</summary>
    LastRingPassed,

    /// <summary>The gate can't say, and has waited long enough.</summary>
    Inconclusive,

    /// <summary>The gate says that the model must go.</summary>
    GateStopped,

    PauseAsked,

    /// <summary>A person resumes; the ring in progress decides where: the canary, a later ring that is still taking over, or one that soaks.</summary>
    ResumedInCanary,
    ResumedInAdvance,
    ResumedInSoak,

    RollbackAsked,
    AbortAsked,

    /// <summary>Every touched device has been told to take its previous model back.</summary>
    ReturnsAssigned,

    /// <summary>Every touched device reports its previous model.</summary>
    AllReturned,
}

/// <summary>The life of a rollout. Pure; whoever applies a step writes it down first and acts afterwards.</summary>
internal static class RolloutMachine
{
    /// <summary>The state after an event.</summary>
    /// <exception cref="InvalidOperationException">That event has no meaning in that state.</exception>
    public static RolloutState Next(RolloutState state, RolloutEvent happened) => TryNext(state, happened)
        ?? throw new InvalidOperationException($"A rollout that is {state} can't take {happened}.");

    /// <returns>Null where the event has no meaning in that state.</returns>
    public static RolloutState? TryNext(RolloutState state, RolloutEvent happened) => (state, happened) switch
    {
        (RolloutState.Scheduled,   RolloutEvent.Start)            => RolloutState.Canary,
        (RolloutState.Scheduled,   RolloutEvent.AbortAsked)       => RolloutState.Aborted,

        (RolloutState.Canary,      RolloutEvent.RingTaken)        => RolloutState.Soaking,
        (RolloutState.Canary,      RolloutEvent.Inconclusive)     => RolloutState.Paused,
        (RolloutState.Canary,      RolloutEvent.PauseAsked)       => RolloutState.Paused,
        (RolloutState.Canary,      RolloutEvent.GateStopped)      => RolloutState.Stopping,
        (RolloutState.Canary,      RolloutEvent.RollbackAsked)    => RolloutState.Stopping,
        (RolloutState.Canary,      RolloutEvent.AbortAsked)       => RolloutState.Aborted,

        (RolloutState.Advancing,   RolloutEvent.RingTaken)        => RolloutState.Soaking,
        (RolloutState.Advancing,   RolloutEvent.Inconclusive)     => RolloutState.Paused,
        (RolloutState.Advancing,   RolloutEvent.PauseAsked)       => RolloutState.Paused,
        (RolloutState.Advancing,   RolloutEvent.GateStopped)      => RolloutState.Stopping,
        (RolloutState.Advancing,   RolloutEvent.RollbackAsked)    => RolloutState.Stopping,
        (RolloutState.Advancing,   RolloutEvent.AbortAsked)       => RolloutState.Aborted,

        (RolloutState.Soaking,     RolloutEvent.RingPassed)       => RolloutState.Advancing,
        (RolloutState.Soaking,     RolloutEvent.LastRingPassed)   => RolloutState.Completed,
        (RolloutState.Soaking,     RolloutEvent.Inconclusive)     => RolloutState.Paused,
        (RolloutState.Soaking,     RolloutEvent.PauseAsked)       => RolloutState.Paused,
        (RolloutState.Soaking,     RolloutEvent.GateStopped)      => RolloutState.Stopping,
        (RolloutState.Soaking,     RolloutEvent.RollbackAsked)    => RolloutState.Stopping,
        (RolloutState.Soaking,     RolloutEvent.AbortAsked)       => RolloutState.Aborted,

        // A pause holds back the next ring, never the brake.
        (RolloutState.Paused,      RolloutEvent.GateStopped)      => RolloutState.Stopping,
        (RolloutState.Paused,      RolloutEvent.ResumedInCanary)  => RolloutState.Canary,
        (RolloutState.Paused,      RolloutEvent.ResumedInAdvance) => RolloutState.Advancing,
        (RolloutState.Paused,      RolloutEvent.ResumedInSoak)    => RolloutState.Soaking,
        (RolloutState.Paused,      RolloutEvent.RollbackAsked)    => RolloutState.Stopping,
        (RolloutState.Paused,      RolloutEvent.AbortAsked)       => RolloutState.Aborted,

        (RolloutState.Stopping,    RolloutEvent.ReturnsAssigned)  => RolloutState.RollingBack,
        (RolloutState.RollingBack, RolloutEvent.AllReturned)      => RolloutState.RolledBack,
        // A device that never comes back must not keep a rollout open for ever: a person may end the wait.
        (RolloutState.RollingBack, RolloutEvent.AbortAsked)       => RolloutState.Aborted,

        (RolloutState.Completed,   RolloutEvent.RollbackAsked)    => RolloutState.Stopping,
        (RolloutState.Aborted,     RolloutEvent.RollbackAsked)    => RolloutState.Stopping,
        _ => null,
    };

    /// <summary>True while the rollout holds its devices and needs ticks.</summary>
    public static bool IsRunning(RolloutState state) =>
        state is not (RolloutState.Completed or RolloutState.RolledBack or RolloutState.Aborted);
}
