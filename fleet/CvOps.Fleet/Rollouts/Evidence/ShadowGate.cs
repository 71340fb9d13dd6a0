using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>
/// May the first device change, by what both models said of the same frames? Pure. Judged discordant frames stop it as later, and so does a model that rejects far
/// more of the same parts. It passes when enough frames were seen and either the judged ones say that it is no worse, or, without a label, it is certain that the
/// models disagree on fewer frames than the plan allows: then a canary may find out the rest. Certain disagreement pauses for judgement; what is neither is
/// waited for, and after the stage's timeout is Inconclusive.
/// </summary>
internal static class ShadowGate
{
    /// <param name="accepted">A person resumed the rollout after disagreement or a shift had paused it.</param>
    public static RingVerdict Judge(RolloutPlan plan, RolloutEvidence evidence, TimeSpan age, bool accepted = false)
    {
        var stage = plan.Shadow ?? throw new ArgumentException("The plan has no shadow stage.", nameof(plan));
        var guards = plan.Guardrails;
        if (evidence.StopEvidence >= RiskShares.StopAt(plan))
            return Stopped(plan, $"the new model was wrong on {evidence.ChampionRight + evidence.NeitherRight} of {evidence.Judged} judged frames where the two disagreed");
        if (RolloutGate.Worse(evidence) is { } worse) return Stopped(plan, GuardWords.Of(worse));
        if (RolloutGate.Broken(evidence) is { } broken) return new RingVerdict(RingVerdictKind.Inconclusive, broken);
        if (!accepted && RolloutGate.Shift(plan, evidence) is { } shift) return new RingVerdict(RingVerdictKind.Shift, shift);
        var promoted = evidence.PromoteEvidence >= RiskShares.PromoteAt(plan);
        if (!accepted && !promoted && evidence.DisagreementEvidence >= RiskShares.PauseAt(plan))
            return new RingVerdict(RingVerdictKind.Shift, $"inconclusive: the models disagree on {evidence.Discordant} of {evidence.Pairs} frames, more than the {RolloutWords.Percent(guards.Disagreement)} that the plan allows unseen; "
                + $"judge some of them, or resume; risk that it is chance at most {RolloutWords.Percent(guards.FalseStopRisk)}");
        var missing = evidence.Pairs < stage.Frames
            ? $"{evidence.Pairs} of {stage.Frames} frames were seen by both models"
            : !promoted && !accepted && evidence.AgreementEvidence < RiskShares.PromoteAt(plan)
                ? $"after {evidence.Pairs} frames in shadow, {evidence.Discordant} in disagreement, {evidence.Judged} of them judged, it is not certain yet that the models disagree on fewer than {RolloutWords.Percent(guards.Disagreement)} "
                    + $"or that the loss stays below {RolloutWords.Percent(guards.NonInferiorityMargin)}"
                : null;
        if (missing is null) return new RingVerdict(RingVerdictKind.Advance, $"shadow passed: of {evidence.Pairs} frames the models disagreed on {evidence.Discordant}, {evidence.Judged} judged; no part was exposed");
        return age < TimeSpan.FromSeconds(stage.TimeoutSeconds) ? new RingVerdict(RingVerdictKind.Wait, missing) : new RingVerdict(RingVerdictKind.Inconclusive, $"inconclusive after {RolloutWords.Time(age)}: {missing}");
    }

    private static RingVerdict Stopped(RolloutPlan plan, string why) =>
        new(RingVerdictKind.Stop, $"stopped in shadow: {why}; risk of a false stop at most {RolloutWords.Percent(plan.Guardrails.FalseStopRisk)}; no part was exposed");
}
