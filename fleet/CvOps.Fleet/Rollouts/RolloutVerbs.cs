using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts;

/// <summary>What a person asks of a rollout, as an event, and where it leads a record. Pure.</summary>
internal static class RolloutVerbs
{
    /// <returns>Why the verb has no place now; null when it has.</returns>
    public static string? Refusal(RolloutVerb verb, RolloutRecord record, RolloutStand stand)
    {
        if (RolloutMachine.TryNext(record.State, EventOf(verb, record)) is null) return $"A rollout that is {record.State} can't take {verb.ToString().ToLowerInvariant()}.";
        return verb switch
        {
            RolloutVerb.Resume or RolloutVerb.Start or RolloutVerb.Approve or RolloutVerb.Retry when stand.Stopped => "Everything was stopped; lift the emergency stop first (cvops rollout lift-stop).",
            RolloutVerb.Pause when record.State == RolloutState.Paused && !PausedForShift(record) => "It is paused already, until a person resumes it.",
            RolloutVerb.Retry when stand.Devices(record.Ring, RolloutDeviceState.Failed) == 0 => $"No device of ring '{record.Plan!.Rings[record.Ring].Name}' has failed, so there is nothing to try again.",
            _ => null,
        };
    }

    public static RolloutEvent EventOf(RolloutVerb verb, RolloutRecord record) => verb switch
    {
        RolloutVerb.Start => RolloutEvent.StartAsked,
        RolloutVerb.Pause => RolloutEvent.PauseAsked,
        RolloutVerb.Abort => RolloutEvent.AbortAsked,
        RolloutVerb.Rollback => RolloutEvent.RollbackAsked,
        RolloutVerb.Approve => record.Ring == 0 ? RolloutEvent.ApprovedForCanary : RolloutEvent.ApprovedForAdvance,
        // A pause before the ring began is not a way around the shadow stage or a person's approval.
        RolloutVerb.Retry when record is { State: RolloutState.Paused, PausedFrom: RolloutState.Scheduled or RolloutState.Shadowing or RolloutState.AwaitingApproval } => EventOf(RolloutVerb.Resume, record),
        RolloutVerb.Retry => record.Ring == 0 ? RolloutEvent.RetriedInCanary : RolloutEvent.RetriedInAdvance,
        RolloutVerb.Resume => record.PausedFrom switch
        {
            RolloutState.Scheduled => RolloutEvent.ResumedInSchedule,
            RolloutState.Shadowing => RolloutEvent.ResumedInShadow,
            RolloutState.AwaitingApproval => RolloutEvent.ResumedInApproval,
            _ when record.SoakSince is not null => RolloutEvent.ResumedInSoak,
            _ => record.Ring == 0 ? RolloutEvent.ResumedInCanary : RolloutEvent.ResumedInAdvance,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(verb), verb, "Unknown action."),
    };

    /// <summary>When a person last asked that the failed devices of the ring in progress try once more; null when nobody has.</summary>
    public static DateTimeOffset? Retried(RolloutRecord record) => record.History.FindLast(step => step.Ring == record.Ring
        && step.Trigger is nameof(RolloutEvent.RetriedInCanary) or nameof(RolloutEvent.RetriedInAdvance))?.At;

    /// <summary>A shift paused the rollout, and nothing since.</summary>
    public static bool PausedForShift(RolloutRecord record) => record is { State: RolloutState.Paused, PausedFrom: not null, History: [.., { Trigger: nameof(RolloutEvent.ShiftSeen) }] };

    /// <returns>Where the record goes on by itself once judged frames have answered the shift that paused it; null when that is a person's to say.</returns>
    public static RolloutEvent? Answered(RolloutRecord record) => PausedForShift(record) ? EventOf(RolloutVerb.Resume, record) : null;

    /// <summary>What a step changes of the record beside its state: ring and clocks.</summary>
    public static void Enter(RolloutRecord record, RolloutState from, RolloutState to, RolloutEvent happened, DateTimeOffset now)
    {
        if (to != from) record.PausedFrom = to == RolloutState.Paused ? from : null;
        if (from == RolloutState.Soaking && (happened is RolloutEvent.RingPassed or RolloutEvent.ApprovalNeeded)) record.Ring++;
        switch (to)
        {
            case RolloutState.Soaking when happened == RolloutEvent.RingTaken:
                record.SoakSince = now;
                break;
            case RolloutState.Shadowing or RolloutState.Canary or RolloutState.Advancing or RolloutState.AwaitingApproval:
                // A resume begins its patience anew, and a ring that is told again has nobody soaking.
                (record.RingSince, record.SoakSince) = (now, null);
                break;
            case RolloutState.Soaking:
                record.RingSince = now;
                break;
        }
    }
}
