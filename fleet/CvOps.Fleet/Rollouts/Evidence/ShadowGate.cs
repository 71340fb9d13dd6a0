using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>
/// May the first device change, by what both models said of the same frames? Pure. Judged discordant frames decide, as later; too few frames or too few
/// judgements are waited for, and after the stage's timeout the answer is Inconclusive, which pauses.
/// </summary>
internal static class ShadowGate
{
    public static RingVerdict Judge(RolloutPlan plan, RolloutEvidence evidence, TimeSpan age)
    {
        var stage = plan.Shadow ?? throw new ArgumentException("The plan has no shadow stage.", nameof(plan));
        if (evidence.StopEvidence >= RolloutGate.StopAt(plan))
            return new RingVerdict(RingVerdictKind.Stop, $"stopped in shadow: the new model was wrong on {evidence.ChampionRight + evidence.NeitherRight} of {evidence.Judged} judged frames where the two disagreed; "
                + $"risk of a false stop at most {RolloutWords.Percent(plan.Guardrails.FalseStopRisk)}; no part was exposed");
        var missing = evidence.Pairs < stage.Frames
            ? $"{evidence.Pairs} of {stage.Frames} frames were seen by both models"
            : evidence.PromoteEvidence < RolloutGate.PromoteAt(plan)
                ? $"after {evidence.Pairs} frames in shadow, {evidence.Discordant} in disagreement, {evidence.Judged} of them judged, it is not certain yet that the loss stays below {RolloutWords.Percent(plan.Guardrails.NonInferiorityMargin)}"
                : null;
        if (missing is null) return new RingVerdict(RingVerdictKind.Advance, $"shadow passed: of {evidence.Pairs} frames the models disagreed on {evidence.Discordant}, {evidence.Judged} judged");
        return age < TimeSpan.FromSeconds(stage.TimeoutSeconds) ? new RingVerdict(RingVerdictKind.Wait, missing) : new RingVerdict(RingVerdictKind.Inconclusive, $"inconclusive after {RolloutWords.Time(age)}: {missing}");
    }
}
