using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Training.Policy;

/// <summary>What a policy is decided on.</summary>
/// <param name="Pending">Drift and persons' words since the last training.</param>
/// <param name="NewLabels">Since then.</param>
/// <param name="LastStarted">When the last training began; null before the first.</param>
/// <param name="Since">When the policy was set: its schedule begins there.</param>
/// <param name="IsRunning">A training of this policy is not over yet.</param>
internal sealed record RetrainingFacts(IReadOnlyList<RetrainingEvidence> Pending, int NewLabels, DateTimeOffset? LastStarted, DateTimeOffset Since, bool IsRunning);

/// <param name="Evidence">All triggers of the training that begins now; empty while there is none.</param>
/// <param name="Says">What is waited for, in a sentence.</param>
internal sealed record RetrainingDecision(IReadOnlyList<RetrainingEvidence> Evidence, string Says)
{
    public bool Starts => Evidence.Count > 0;
}

/// <summary>
/// Whether a model is trained anew now. Triggers coalesce: whatever comes while a training runs or cools down is the next one's evidence, and one training answers all of
/// it. Nothing is trained without new labels: the head's fit is deterministic, so the same labels give the same model. Pure.
/// </summary>
internal static class RetrainingRule
{
    public static RetrainingDecision Decide(RetrainingPolicy policy, RetrainingFacts facts, DateTimeOffset now)
    {
        List<RetrainingEvidence> evidence = [.. facts.Pending];
        var asked = evidence.Any(it => it.Trigger == RetrainingTrigger.Person);
        if (policy.Enabled)
        {
            if (facts.NewLabels >= policy.Labels) evidence.Add(new RetrainingEvidence(RetrainingTrigger.Labels, now, $"{facts.NewLabels} labels since the last training, {policy.Labels} start one"));
            if (policy.EveryHours is { } hours && now - (facts.LastStarted ?? facts.Since) >= TimeSpan.FromHours(hours))
                evidence.Add(new RetrainingEvidence(RetrainingTrigger.Schedule, now, string.Create(CultureInfo.InvariantCulture, $"every {hours:0.#} hours")));
        }
        if (facts.IsRunning) return Wait(evidence.Count == 0 ? "a training is running" : $"a training is running; the next one answers: {Words(evidence)}");
        if (evidence.Count == 0) return Wait(Idle(policy, facts));
        if (!policy.Enabled && !asked) return Wait($"switched off; it would answer: {Words(evidence)}");
        var cool = facts.LastStarted + TimeSpan.FromHours(policy.CooldownHours);
        if (!asked && now < cool) return Wait($"cools down until {cool:u}; then it answers: {Words(evidence)}");
        var least = asked ? 1 : policy.LeastLabels;
        return facts.NewLabels < least
            ? Wait($"{facts.NewLabels} new labels, at least {least} are needed to answer: {Words(evidence)}. Label what 'cvops frames list' shows")
            : new RetrainingDecision(evidence, "");
    }

    /// <returns>Every mistake of a policy; empty when there is none.</returns>
    public static IReadOnlyList<string> Check(RetrainingPolicy policy)
    {
        var mistakes = new List<string>();
        if (string.IsNullOrWhiteSpace(policy.By)) mistakes.Add("Say who sets it in 'by'.");
        if (policy.Labels < 1) mistakes.Add($"'labels' is {policy.Labels}; at least 1, or leave it out.");
        if (policy.LeastLabels < 1) mistakes.Add($"'leastLabels' is {policy.LeastLabels}; at least 1: the same labels again give the same model.");
        if (policy.EveryHours is { } every && every is not (>= 1 and <= MostHours)) mistakes.Add(Number("everyHours", every, 1, MostHours));
        if (policy.CooldownHours is not (>= 0 and <= MostHours)) mistakes.Add(Number("cooldownHours", policy.CooldownHours, 0, MostHours));
        if (policy.L2 is not (>= 0 and <= 1e6)) mistakes.Add(Number("l2", policy.L2, 0, 1e6));
        if (policy.LabellingHour is { } price && price is not (>= 0 and <= 1e6)) mistakes.Add(Number("labellingHour", price, 0, 1e6));
        if (policy is { Start: true, Plan: null }) mistakes.Add("'start' needs a 'plan': without one there is no rollout to start.");
        return mistakes;
    }

    /// <summary>A year.</summary>
    private const double MostHours = 366 * 24;

    private static RetrainingDecision Wait(string says) => new([], says);

    private static string Idle(RetrainingPolicy policy, RetrainingFacts facts)
    {
        if (!policy.Enabled) return "switched off; a person may start one";
        List<string> waits = [];
        if (policy.Labels is { } labels) waits.Add($"for {labels - facts.NewLabels} more labels");
        if (policy.Drift) waits.Add("for an alarm of drift");
        if (policy.EveryHours is { } hours) waits.Add($"until {(facts.LastStarted ?? facts.Since).AddHours(hours):u}");
        return waits.Count == 0 ? "nothing but a person starts one" : $"waits {string.Join(", or ", waits)}";
    }

    private static string Words(IEnumerable<RetrainingEvidence> evidence) => string.Join("; ", evidence.Select(it => it.Says));

    private static string Number(string name, double value, double low, double high) => string.Create(CultureInfo.InvariantCulture, $"'{name}' is {value:0.####}; {low:0.##} to {high:0.##}.");
}
