using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts;

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
        (RolloutState.Draft,            RolloutEvent.StartAsked)         => RolloutState.Scheduled,
        (RolloutState.Draft,            RolloutEvent.AbortAsked)         => RolloutState.Aborted,

        (RolloutState.Scheduled,        RolloutEvent.ShadowBegun)        => RolloutState.Shadowing,
        (RolloutState.Scheduled,        RolloutEvent.Start)              => RolloutState.Canary,
        (RolloutState.Scheduled,        RolloutEvent.ApprovalNeeded)     => RolloutState.AwaitingApproval,

        (RolloutState.Shadowing,        RolloutEvent.Start)              => RolloutState.Canary,
        (RolloutState.Shadowing,        RolloutEvent.ApprovalNeeded)     => RolloutState.AwaitingApproval,

        (RolloutState.AwaitingApproval, RolloutEvent.ApprovedForCanary)  => RolloutState.Canary,
        (RolloutState.AwaitingApproval, RolloutEvent.ApprovedForAdvance) => RolloutState.Advancing,

        (RolloutState.Canary,           RolloutEvent.RingTaken)          => RolloutState.Soaking,
        (RolloutState.Advancing,        RolloutEvent.RingTaken)          => RolloutState.Soaking,

        (RolloutState.Soaking,          RolloutEvent.RingPassed)         => RolloutState.Advancing,
        (RolloutState.Soaking,          RolloutEvent.ApprovalNeeded)     => RolloutState.AwaitingApproval,
        (RolloutState.Soaking,          RolloutEvent.LastRingPassed)     => RolloutState.Completed,

        // A person's pause holds: what would have gone on by itself waits for a person now.
        (RolloutState.Paused,           RolloutEvent.PauseAsked)         => RolloutState.Paused,
        (RolloutState.Paused,           RolloutEvent.ResumedInSchedule)  => RolloutState.Scheduled,
        (RolloutState.Paused,           RolloutEvent.ResumedInShadow)    => RolloutState.Shadowing,
        (RolloutState.Paused,           RolloutEvent.ResumedInCanary)    => RolloutState.Canary,
        (RolloutState.Paused,           RolloutEvent.ResumedInAdvance)   => RolloutState.Advancing,
        (RolloutState.Paused,           RolloutEvent.ResumedInSoak)      => RolloutState.Soaking,
        (RolloutState.Paused,           RolloutEvent.ResumedInApproval)  => RolloutState.AwaitingApproval,

        (RolloutState.Stopping,         RolloutEvent.ReturnsAssigned)    => RolloutState.RollingBack,
        (RolloutState.RollingBack,      RolloutEvent.AllReturned)        => RolloutState.RolledBack,
        // A device that never comes back must not keep a rollout open for ever: a person may end the wait.
        (RolloutState.RollingBack,      RolloutEvent.AbortAsked)         => RolloutState.Aborted,

        (RolloutState.Completed,        RolloutEvent.RollbackAsked)      => RolloutState.Stopping,
        (RolloutState.Aborted,          RolloutEvent.RollbackAsked)      => RolloutState.Stopping,

        // Whatever holds a rollout back holds the next device, never the brake.
        (_, RolloutEvent.GateStopped)                        when HasTouched(state)                    => RolloutState.Stopping,
        (_, RolloutEvent.PayloadRevoked)                     when HasTouched(state)                    => RolloutState.Stopping,
        (_, RolloutEvent.RollbackAsked)                      when HasTouched(state)                    => RolloutState.Stopping,
        (_, RolloutEvent.PayloadRevoked)                     when state is RolloutState.Scheduled      => RolloutState.Aborted,
        (_, RolloutEvent.AbortAsked)                         when GoesOn(state) || IsHeld(state)       => RolloutState.Aborted,
        (_, RolloutEvent.PauseAsked)                         when GoesOn(state)                        => RolloutState.Paused,
        (_, RolloutEvent.EmergencyStopped)                   when GoesOn(state)                        => RolloutState.Paused,
        (_, RolloutEvent.Expired)                            when GoesOn(state)                        => RolloutState.Paused,
        (_, RolloutEvent.PayloadMissing)                     when GoesOn(state)                        => RolloutState.Paused,
        (_, RolloutEvent.Inconclusive)                       when IsTrial(state)                       => RolloutState.Paused,
        (_, RolloutEvent.ShiftSeen)                          when IsTrial(state)                       => RolloutState.Paused,
        (_, RolloutEvent.DevicesOffline)                     when state is RolloutState.Canary or RolloutState.Advancing => RolloutState.Paused,
        (_, RolloutEvent.RetriedInCanary)                    when IsRing(state) || IsHeld(state)       => RolloutState.Canary,
        (_, RolloutEvent.RetriedInAdvance)                   when IsRing(state) || IsHeld(state)       => RolloutState.Advancing,
        _ => null,
    };

    /// <summary>True while the rollout holds its devices and needs ticks.</summary>
    public static bool IsRunning(RolloutState state) =>
        state is not (RolloutState.Draft or RolloutState.Completed or RolloutState.RolledBack or RolloutState.Aborted);

    /// <summary>True where a device of the ring may be told to take the payload.</summary>
    public static bool MayAssign(RolloutState state) => state is RolloutState.Shadowing or RolloutState.Canary or RolloutState.Advancing;

    /// <summary>True while a device may still be added: the rollout goes on, or waits for a person's word to.</summary>
    public static bool MayJoin(RolloutState state) => GoesOn(state) || IsHeld(state);

    /// <summary>A ring has the payload, or is taking it.</summary>
    private static bool IsRing(RolloutState state) => state is RolloutState.Canary or RolloutState.Advancing or RolloutState.Soaking;

    private static bool IsTrial(RolloutState state) => IsRing(state) || state == RolloutState.Shadowing;

    private static bool GoesOn(RolloutState state) => IsTrial(state) || state is RolloutState.Scheduled or RolloutState.AwaitingApproval;

    private static bool IsHeld(RolloutState state) => state == RolloutState.Paused;

    private static bool HasTouched(RolloutState state) => IsTrial(state) || state is RolloutState.AwaitingApproval or RolloutState.Paused;
}
