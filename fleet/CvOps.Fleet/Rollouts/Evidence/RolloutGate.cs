using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts.Evidence;

internal enum RingVerdictKind
{
    Wait, Advance, Stop,

    /// <summary>Waited long enough, or certain to come to that.</summary>
    Inconclusive,

    /// <summary>Inconclusive until judged frames or a person have answered.</summary>
    Shift,
}

/// <param name="Reason">The verdict in a sentence with its numbers.</param>
internal sealed record RingVerdict(RingVerdictKind Kind, string Reason);

/// <summary>The ring in progress.</summary>
/// <param name="Devices">How many it has.</param>
/// <param name="Parts">Parts its devices inspected with the new model.</param>
/// <param name="Age">Time since it may have the model, or since a person resumed it.</param>
/// <param name="Soaked">Time since its last device took the model over; null while some have not.</param>
/// <param name="ShiftAccepted">A person resumed the rollout after a shift had paused it: shifts pause it no more, stops still stop it.</param>
internal sealed record RingFacts(string Name, int Devices, int Running, int Failed, long Parts, TimeSpan Age, TimeSpan? Soaked, bool ShiftAccepted = false);

/// <summary>
/// May the next ring have the model? Pure. The brake is asked before the accelerator, and no data never advances: what is missing is waited for,
/// and after the plan's timeout, or as soon as it is certain to come to that, the answer is Inconclusive, which pauses. A metric that shifted without being
/// far worse pauses too: whether more rejects are right, people say. Confidence alone stops and promotes nothing.
/// </summary>
internal static class RolloutGate
{
    public static RingVerdict Judge(RolloutPlan plan, RolloutEvidence evidence, RingFacts ring)
    {
        if (Stop(plan, evidence, ring) is { } stop) return new RingVerdict(RingVerdictKind.Stop, stop);
        if (Broken(evidence) is { } broken) return new RingVerdict(RingVerdictKind.Inconclusive, broken);
        if (!ring.ShiftAccepted && Shift(plan, evidence) is { } shift) return new RingVerdict(RingVerdictKind.Shift, shift);
        if (Missing(plan, evidence, ring) is not { } missing) return new RingVerdict(RingVerdictKind.Advance, Passed(plan, evidence, ring));
        var timeout = TimeSpan.FromSeconds(plan.Soak.TimeoutSeconds);
        if (ring.Age >= timeout) return new RingVerdict(RingVerdictKind.Inconclusive, $"inconclusive after {RolloutWords.Time(ring.Age)}: {missing}");
        return ring.Soaked is not null && RiskShares.Compares(plan) && evidence.PromoteEvidence < RiskShares.PromoteAt(plan) && FutilityRule.Judge(plan, evidence, ring.Age, timeout) is { } futile
            ? new RingVerdict(RingVerdictKind.Inconclusive, futile)
            : new RingVerdict(RingVerdictKind.Wait, missing);
    }

    private static string? Stop(RolloutPlan plan, RolloutEvidence evidence, RingFacts ring)
    {
        var guards = plan.Guardrails;
        if (ring.Failed > guards.FailedUpdates)
            return $"stopped: {ring.Failed} of {ring.Devices} devices of ring '{ring.Name}' failed to update, {guards.FailedUpdates} are allowed; {RolloutWords.Parts(evidence.Parts)} exposed";
        if (evidence.ErrorEvidence >= RiskShares.GuardAt(plan))
            return $"stopped: {evidence.Errors} of {evidence.Parts} inferences of the new model failed, {RolloutWords.Percent(guards.ErrorRate)} is normal; "
                + RolloutWords.StopRisk(plan, evidence);
        if (RiskShares.Compares(plan) && evidence.StopEvidence >= RiskShares.StopAt(plan))
            return $"stopped: the new model was wrong on {evidence.ChampionRight + evidence.NeitherRight} of {evidence.Judged} judged frames where the two disagreed; "
                + RolloutWords.StopRisk(plan, evidence);
        return Worse(evidence) is { } guard ? $"stopped: {GuardWords.Of(guard)}; {RolloutWords.StopRisk(plan, evidence)}" : null;
    }

    /// <summary>The metric that stops the rollout; null when none does.</summary>
    internal static GuardEvidence? Worse(RolloutEvidence evidence) => Reached(evidence, GuardAction.Stop);

    /// <summary>A metric that is not what it was, while nobody has shown that the new model is no worse for it.</summary>
    internal static string? Shift(RolloutPlan plan, RolloutEvidence evidence) =>
        evidence.PromoteEvidence < RiskShares.PromoteAt(plan) && Reached(evidence, GuardAction.Pause) is { } guard
            ? $"inconclusive: the new model {GuardWords.Of(guard)}; a person has to say whether that is right, by judging frames on which the models disagree or by resuming; "
                + $"risk that it is chance at most {RolloutWords.Percent(plan.Guardrails.FalseStopRisk)}"
            : null;

    /// <summary>The metric that says most beyond what it needs.</summary>
    private static GuardEvidence? Reached(RolloutEvidence evidence, GuardAction action) =>
        evidence.Guards.Where(guard => guard.Then == action && guard.Evidence >= guard.At).MaxBy(guard => guard.Evidence / guard.At);

    /// <summary>Numbers that are none can't be compared with a limit: every comparison with NaN is false, so they are looked for by name.</summary>
    internal static string? Broken(RolloutEvidence evidence) =>
        double.IsFinite(evidence.StopEvidence) && double.IsFinite(evidence.PromoteEvidence) && double.IsFinite(evidence.ErrorEvidence) && double.IsFinite(evidence.DisagreementEvidence)
        && double.IsFinite(evidence.AgreementEvidence) && evidence.Guards.All(guard => double.IsFinite(guard.Evidence))
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
        if (evidence.Controls < plan.Guardrails.Controls)
            return $"only {evidence.Controls} of {plan.Guardrails.Controls} parts were seen under the previous model, on the same frames or by devices that ran it, so there is too little to compare with "
                + "(guardrails.controls; a shadow stage gathers them)";
        if (!RiskShares.Compares(plan)) return null;
        if (evidence.Pairs == 0) return "no frame was seen by both models, so there is nothing to compare";
        if (evidence.PromoteEvidence >= RiskShares.PromoteAt(plan)) return null;
        return $"the comparison does not say yet that the loss stays below {RolloutWords.Percent(plan.Guardrails.NonInferiorityMargin)}: evidence "
            + $"{RolloutWords.Evidence(evidence.PromoteEvidence)} of {RolloutWords.Evidence(RiskShares.PromoteAt(plan))} after {evidence.Pairs} pairs, "
            + $"{evidence.Discordant} in disagreement, {evidence.Judged} of them judged";
    }

    private static string Passed(RolloutPlan plan, RolloutEvidence evidence, RingFacts ring) => plan.FirstInstallation
        ? $"ring '{ring.Name}' passed: {ring.Parts} parts, {evidence.Errors} failed inferences; first installation, nothing to compare with"
        : !RiskShares.Compares(plan) ? $"ring '{ring.Name}' passed: {ring.Parts} parts, {evidence.Errors} failed inferences{NotCompared(evidence)}"
        : $"ring '{ring.Name}' passed: {ring.Parts} parts; of {evidence.Pairs} pairs the models disagreed on {evidence.Discordant}, {evidence.Judged} judged, "
            + $"{evidence.ChallengerRight} for the new model and {evidence.ChampionRight} against; risk that it is worse by "
            + $"{RolloutWords.Percent(plan.Guardrails.NonInferiorityMargin)} or more at most {RolloutWords.Percent(plan.Guardrails.FalsePromotionRisk)}{NotCompared(evidence)}";

    /// <summary>What nobody could watch has to be said: no evidence against it is none for it.</summary>
    private static string NotCompared(RolloutEvidence evidence)
    {
        string[] blind = [.. evidence.Guards.Where(guard => guard.Against == GuardComparison.None).Select(guard => guard.Metric.ToString().ToLowerInvariant()).Distinct()];
        return blind.Length == 0 ? "" : $"; not compared: {string.Join(", ", blind)}";
    }
}
