using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts;

/// <summary>All that decides what a rollout does next.</summary>
/// <param name="RingSince">When the shadow stage or the ring in progress was let loose, or resumed.</param>
/// <param name="SoakSince">When the ring's last device took the payload over; null before.</param>
internal sealed record RolloutSituation(
    RolloutPlan Plan, RolloutState State, int Ring, RolloutStand Stand, RolloutEvidence Evidence, DateTimeOffset Now, DateTimeOffset RingSince, DateTimeOffset? SoakSince)
{
    /// <summary>Why the payload may be nowhere any more; null when nothing is known against it.</summary>
    public string? Revoked { get; init; }

    /// <summary>Why the payload can't be given to anybody now; null when it can.</summary>
    public string? Missing { get; init; }

    /// <summary>Why devices that stay away are a person's to decide about; null when they are not.</summary>
    public string? Offline { get; init; }

    /// <summary>A person resumed the rollout after a shift had paused it.</summary>
    public bool ShiftAccepted { get; init; }

    /// <summary>Where a rollout that paused for a shift goes on once that is answered; null when it paused for something else, or not at all.</summary>
    public RolloutEvent? Answered { get; init; }

    /// <summary>Every touched device was told to take back what it had.</summary>
    public bool Returned { get; init; }

    public RolloutRing RingPlan => Plan.Rings[Ring];

    /// <summary>The ring in progress as the gate sees it. Devices that the ring goes on without are not among them.</summary>
    public RingFacts Facts => FactsOf(Ring);

    public RingFacts FactsOf(int ring) => new(
        Plan.Rings[ring].Name, (int)(Stand.Devices(ring) - Stand.Devices(ring, RolloutDeviceState.Skipped)), (int)Stand.Devices(ring, RolloutDeviceState.Running),
        (int)Stand.Devices(ring, RolloutDeviceState.Failed), Stand.Sums.Of(ring, Arms.Challenger)[ArmCounter.Parts], Now - RingSince, IsTaken ? Now - SoakSince : null, ShiftAccepted);

    /// <summary>Nobody is waited for. A device that said so and is doubted since is waited for again.</summary>
    public bool IsTaken => Stand.Devices(Ring, RolloutDeviceState.Waiting, RolloutDeviceState.Assigned, RolloutDeviceState.Updating, RolloutDeviceState.Shadowing) == 0;
}

/// <param name="Reason">In a sentence with its numbers.</param>
internal sealed record RolloutStep(RolloutEvent Happened, string Reason);

/// <summary>What a rollout does next by itself. Pure: the same situation gives the same step, before a crash and after it.</summary>
internal static class RolloutDecision
{
    /// <returns>Null while there is nothing to do but wait; <paramref name="waits"/> says for what.</returns>
    public static RolloutStep? Next(RolloutSituation now, out string? waits)
    {
        waits = null;
        if (now.Revoked is { } revoked && Takes(now, RolloutEvent.PayloadRevoked)) return new RolloutStep(RolloutEvent.PayloadRevoked, $"stopped: {revoked}; {RolloutWords.Parts(now.Evidence.Parts)} exposed");
        if (Takes(now, RolloutEvent.GateStopped) && Gate(now) is { Kind: RingVerdictKind.Stop } stop) return new RolloutStep(RolloutEvent.GateStopped, stop.Reason);
        if (now.Stand.Stopped && Takes(now, RolloutEvent.EmergencyStopped)) return new RolloutStep(RolloutEvent.EmergencyStopped, "everything was stopped; no device is told anything new until that is lifted");
        if (now.Plan.ExpiresAt <= now.Now && Takes(now, RolloutEvent.Expired) && now.Stand.Devices(RolloutDeviceState.Waiting) > 0)
            return new RolloutStep(RolloutEvent.Expired, $"the plan expired at {now.Plan.ExpiresAt:u}: no further device is told");
        if (now.Missing is { } missing && Takes(now, RolloutEvent.PayloadMissing)) return new RolloutStep(RolloutEvent.PayloadMissing, missing);
        return now.State switch
        {
            RolloutState.Scheduled when now.Plan.StartsAt > now.Now => Wait($"it starts at {now.Plan.StartsAt:u}", out waits),
            RolloutState.Scheduled when now.Plan.Shadow is { } stage => new RolloutStep(RolloutEvent.ShadowBegun, $"both models see the same frames until {stage.Frames} have been compared, before any device changes"),
            RolloutState.Scheduled => First(now, "it is time"),
            RolloutState.Shadowing => Shadow(now, ref waits),
            RolloutState.Canary or RolloutState.Advancing => Take(now, ref waits),
            RolloutState.Soaking => Soak(now, ref waits),
            RolloutState.Paused when now.Answered is { } back && !now.Stand.Stopped && now.Evidence.PromoteEvidence >= RiskShares.PromoteAt(now.Plan) =>
                new RolloutStep(back, $"the shift is answered: {now.Evidence.Judged} judged frames say that the loss stays below {RolloutWords.Percent(now.Plan.Guardrails.NonInferiorityMargin)}"),
            RolloutState.Stopping when now.Returned => new RolloutStep(RolloutEvent.ReturnsAssigned, "every touched device was told to take back what it had"),
            RolloutState.RollingBack when Untold(now.Stand) == 0 && now.Stand.Devices(RolloutDeviceState.RollingBack) == 0 => new RolloutStep(RolloutEvent.AllReturned, ""),
            _ => null,
        };
    }

    /// <summary>Touched devices that have not been told to take back what they had. Those that were skipped after they were told have been, before the rollout goes back.</summary>
    public static long Untold(RolloutStand stand) => stand.Devices(
        RolloutDeviceState.Assigned, RolloutDeviceState.Updating, RolloutDeviceState.Running, RolloutDeviceState.Failed, RolloutDeviceState.Shadowing);

    private static RolloutStep First(RolloutSituation now, string why) => now.RingPlan.Approval
        ? new RolloutStep(RolloutEvent.ApprovalNeeded, $"{why}; ring '{now.RingPlan.Name}' needs a person's approval")
        : new RolloutStep(RolloutEvent.Start, $"{why}; ring '{now.RingPlan.Name}' may change");

    private static RolloutStep? Shadow(RolloutSituation now, ref string? waits)
    {
        var verdict = ShadowGate.Judge(now.Plan, now.Evidence, now.Now - now.RingSince, now.ShiftAccepted);
        switch (verdict.Kind)
        {
            case RingVerdictKind.Stop: return new RolloutStep(RolloutEvent.GateStopped, verdict.Reason);
            case RingVerdictKind.Inconclusive: return new RolloutStep(RolloutEvent.Inconclusive, verdict.Reason);
            case RingVerdictKind.Shift: return new RolloutStep(RolloutEvent.ShiftSeen, verdict.Reason);
            case RingVerdictKind.Advance: return First(now, verdict.Reason);
            default: return Wait(verdict.Reason, out waits);
        }
    }

    private static RolloutStep? Take(RolloutSituation now, ref string? waits)
    {
        if (now.Offline is { } offline) return new RolloutStep(RolloutEvent.DevicesOffline, offline);
        var ring = now.Facts;
        if (now.IsTaken && ring.Running > 0 && ring.Failed <= now.Plan.Guardrails.FailedUpdates)
            return new RolloutStep(RolloutEvent.RingTaken, $"ring '{ring.Name}' runs it: {ring.Running} of {ring.Devices} devices{Skipped(now)}");
        return Hold(Gate(now), ref waits);
    }

    private static RolloutStep? Soak(RolloutSituation now, ref string? waits)
    {
        var verdict = Gate(now);
        if (verdict.Kind != RingVerdictKind.Advance) return Hold(verdict, ref waits);
        if (now.Ring + 1 >= now.Plan.Rings.Count && now.Stand.Devices(RolloutDeviceState.Assigned, RolloutDeviceState.Updating) is var changing and > 0)
        {
            // Nobody watches them once the rollout has ended.
            var late = $"every ring has passed, and {(changing == 1 ? "1 device that came" : $"{changing} devices that came")} back late must take it over yet";
            return now.Now - now.RingSince < TimeSpan.FromSeconds((now.RingPlan.Soak ?? now.Plan.Soak).TimeoutSeconds) ? Wait(late, out waits)
                : new RolloutStep(RolloutEvent.Inconclusive, $"inconclusive after {RolloutWords.Time(now.Now - now.RingSince)}: {late}");
        }
        if (now.Ring + 1 >= now.Plan.Rings.Count) return new RolloutStep(RolloutEvent.LastRingPassed, verdict.Reason);
        return now.Plan.Rings[now.Ring + 1].Approval
            ? new RolloutStep(RolloutEvent.ApprovalNeeded, $"{verdict.Reason}; ring '{now.Plan.Rings[now.Ring + 1].Name}' needs a person's approval")
            : new RolloutStep(RolloutEvent.RingPassed, verdict.Reason);
    }

    private static RolloutStep? Hold(RingVerdict verdict, ref string? waits) => verdict.Kind switch
    {
        RingVerdictKind.Inconclusive => new RolloutStep(RolloutEvent.Inconclusive, verdict.Reason),
        RingVerdictKind.Shift => new RolloutStep(RolloutEvent.ShiftSeen, verdict.Reason),
        _ => Wait(verdict.Reason, out waits),
    };

    private static RolloutStep? Wait(string reason, out string? waits)
    {
        waits = reason;
        return null;
    }

    /// <summary>The ring in progress, unless too many devices of any other have failed: they may take the payload back long after their ring has passed.</summary>
    private static RingVerdict Gate(RolloutSituation now)
    {
        var judged = now.Ring;
        for (var ring = 0; ring < now.Plan.Rings.Count && judged == now.Ring; ring++)
            if (now.Stand.Devices(ring, RolloutDeviceState.Failed) > now.Plan.Guardrails.FailedUpdates) judged = ring;
        return RolloutGate.Judge(now.Plan with { Soak = now.RingPlan.Soak ?? now.Plan.Soak }, now.Evidence, now.FactsOf(judged));
    }

    private static bool Takes(RolloutSituation now, RolloutEvent happened) => RolloutMachine.TryNext(now.State, happened) is not null;

    private static string Skipped(RolloutSituation now) => now.Stand.Devices(now.Ring, RolloutDeviceState.Skipped) is var skipped and > 0 ? $", without {skipped} that are away" : "";
}
