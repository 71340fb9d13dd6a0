using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts.Evidence;

internal enum RingVerdictKind { Wait, Advance, Stop, Inconclusive }

/// <param name="Reason">The verdict in a sentence with its numbers.</param>
internal sealed record RingVerdict(RingVerdictKind Kind, string Reason);

/// <summary>The ring in progress.</summary>
/// <param name="Devices">How many it has.</param>
/// <param name="Parts">Parts its devices inspected with the new model.</param>
/// <param name="Age">Time since it may have the model, or since a person resumed it.</param>
/// <param name="Soaked">Time since its last device took the model over; null while some have not.</param>
internal sealed record RingFacts(string Name, int Devices, int Running, int Failed, long Parts, TimeSpan Age, TimeSpan? Soaked);

/// <summary>
/// May the next ring have the model? Pure. The brake is asked before the accelerator, and no data never advances: what is missing is waited for,
/// and after the plan's timeout the answer is Inconclusive, which pauses. Confidence takes no part in it.
/// </summary>
internal static class RolloutGate
{
    /// <summary>
    /// Evidence at which a stop is due. A plan that compares has two tests that may stop it falsely, errors and accuracy;
    /// each gets half of the risk (Bonferroni), so that the plan's number holds for the whole.
    /// </summary>
    public static double StopAt(RolloutPlan plan) => (plan.FirstInstallation ? 1 : 2) / plan.Guardrails.FalseStopRisk;

    public static double PromoteAt(RolloutPlan plan) => 1 / plan.Guardrails.FalsePromotionRisk;

    public static RingVerdict Judge(RolloutPlan plan, RolloutEvidence evidence, RingFacts ring)
    {
        if (Stop(plan, evidence, ring) is { } stop) return new RingVerdict(RingVerdictKind.Stop, stop);
        if (Broken(evidence) is { } broken) return new RingVerdict(RingVerdictKind.Inconclusive, broken);
        if (Missing(plan, evidence, ring) is not { } missing) return new RingVerdict(RingVerdictKind.Advance, Passed(plan, evidence, ring));
        return ring.Age < TimeSpan.FromSeconds(plan.Soak.TimeoutSeconds)
            ? new RingVerdict(RingVerdictKind.Wait, missing)
            : new RingVerdict(RingVerdictKind.Inconclusive, $"inconclusive after {RolloutWords.Time(ring.Age)}: {missing}");
    }

    private static string? Stop(RolloutPlan plan, RolloutEvidence evidence, RingFacts ring)
    {
        var guards = plan.Guardrails;
        if (ring.Failed > guards.FailedUpdates)
            return $"stopped: {ring.Failed} of {ring.Devices} devices of ring '{ring.Name}' failed to update, {guards.FailedUpdates} are allowed; {RolloutWords.Parts(evidence.Parts)} exposed";
        var stopAt = StopAt(plan);
        if (evidence.ErrorEvidence >= stopAt)
            return $"stopped: {evidence.Errors} of {evidence.Parts} inferences of the new model failed, {RolloutWords.Percent(guards.ErrorRate)} is normal; "
                + RolloutWords.StopRisk(plan, evidence);
        if (!plan.FirstInstallation && evidence.StopEvidence >= stopAt)
            return $"stopped: the new model was wrong on {evidence.ChampionRight + evidence.NeitherRight} of {evidence.Judged} judged frames where the two disagreed; "
                + RolloutWords.StopRisk(plan, evidence);
        return null;
    }

    /// <summary>Numbers that are none can't be compared with a limit: every comparison with NaN is false, so they are looked for by name.</summary>
    private static string? Broken(RolloutEvidence evidence) =>
        double.IsFinite(evidence.StopEvidence) && double.IsFinite(evidence.PromoteEvidence) && double.IsFinite(evidence.ErrorEvidence)
            ? null : "inconclusive: the evidence is not a number";

    /// <summary>What still lacks for the next ring; null when nothing does.</summary>
    private static string? Missing(RolloutPlan plan, RolloutEvidence evidence, RingFacts ring)
    {
        if (ring.Devices == 0) return $"ring '{ring.Name}' has no device";
        if (ring.Soaked is not { } soaked) return $"waiting for {ring.Devices - ring.Running - ring.Failed} of {ring.Devices} devices of ring '{ring.Name}' to take the model over";
        if (ring.Running == 0) return $"no device of ring '{ring.Name}' runs the model";
        var soak = TimeSpan.FromSeconds(plan.Soak.Seconds);
        if (soaked < soak) return $"ring '{ring.Name}' soaks: {RolloutWords.Time(soaked)} of {RolloutWords.Time(soak)}, {ring.Parts} of {plan.Soak.Parts} parts";
        var parts = Math.Max(1, plan.Soak.Parts);
        if (ring.Parts < parts) return $"ring '{ring.Name}' has inspected {ring.Parts} of {parts} parts";
        if (plan.FirstInstallation) return null;
        if (evidence.Pairs == 0) return "no frame was seen by both models, so there is nothing to compare";
        if (evidence.PromoteEvidence >= PromoteAt(plan)) return null;
        return $"the comparison does not say yet that the loss stays below {RolloutWords.Percent(plan.Guardrails.NonInferiorityMargin)}: evidence "
            + $"{RolloutWords.Evidence(evidence.PromoteEvidence)} of {RolloutWords.Evidence(PromoteAt(plan))} after {evidence.Pairs} pairs, "
            + $"{evidence.Discordant} in disagreement, {evidence.Judged} of them judged";
    }

    private static string Passed(RolloutPlan plan, RolloutEvidence evidence, RingFacts ring) => plan.FirstInstallation
        ? $"ring '{ring.Name}' passed: {ring.Parts} parts, {evidence.Errors} failed inferences; first installation, nothing to compare with"
        : $"ring '{ring.Name}' passed: {ring.Parts} parts; of {evidence.Pairs} pairs the models disagreed on {evidence.Discordant}, {evidence.Judged} judged, "
            + $"{evidence.ChallengerRight} for the new model and {evidence.ChampionRight} against; risk that it is worse by "
            + $"{RolloutWords.Percent(plan.Guardrails.NonInferiorityMargin)} or more at most {RolloutWords.Percent(plan.Guardrails.FalsePromotionRisk)}";
}
