using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts;

/// <summary>What a plan must hold whatever the fleet looks like. Lists every mistake, not just the first.</summary>
internal static class PlanRule
{
    /// <summary>Most rings of a plan.</summary>
    public const int Rings = 50;

    /// <param name="modelKnown">Whether the registry has the plan's model.</param>
    public static IReadOnlyList<string> Check(RolloutPlan plan, bool modelKnown)
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(plan.Name) || plan.Name.Length > 120) problems.Add("A rollout needs a name of 1 to 120 characters.");
        if (!modelKnown) problems.Add($"The registry has no model '{plan.Payload}'; register its package first.");
        CheckRings(plan.Rings, problems);

        Positive(problems, "soak.seconds", plan.Soak.Seconds, allowZero: true);
        if (plan.Soak.Parts < 1) problems.Add($"soak.parts is {plan.Soak.Parts}; it must be at least 1: no data never lets a ring through.");
        Positive(problems, "soak.timeoutSeconds", plan.Soak.TimeoutSeconds, allowZero: false);
        if (plan.Soak.TimeoutSeconds <= plan.Soak.Seconds)
            problems.Add($"soak.timeoutSeconds ({plan.Soak.TimeoutSeconds:0.#}) must be longer than soak.seconds ({plan.Soak.Seconds:0.#}).");

        var guards = plan.Guardrails;
        Between(problems, "guardrails.falseStopRisk", guards.FalseStopRisk, 0, 0.5);
        Between(problems, "guardrails.falsePromotionRisk", guards.FalsePromotionRisk, 0, 0.5);
        Between(problems, "guardrails.nonInferiorityMargin", guards.NonInferiorityMargin, 0, 1);
        Between(problems, "guardrails.errorRate", guards.ErrorRate, 0, 0.5);
        if (guards.FailedUpdates < 0) problems.Add($"guardrails.failedUpdates is {guards.FailedUpdates}; it must be 0 or more.");
        return problems;
    }

    private static void CheckRings(IReadOnlyList<RolloutRing> rings, List<string> problems)
    {
        if (rings.Count is 0 or > Rings) problems.Add($"The plan has {rings.Count} rings; it needs 1 to {Rings}.");
        foreach (var (ring, index) in rings.Select((r, i) => (r, i)))
        {
            var name = string.IsNullOrWhiteSpace(ring.Name) ? $"{index + 1}" : ring.Name;
            if (string.IsNullOrWhiteSpace(ring.Name)) problems.Add($"Ring {index + 1} has no name.");
            var ways = (ring.Count is null ? 0 : 1) + (ring.Percent is null ? 0 : 1) + (ring.Devices is null ? 0 : 1);
            if (ways != 1) problems.Add($"Ring '{name}' must say exactly one of count, percent and devices; it says {ways}.");
            if (ring.Count < 1) problems.Add($"Ring '{name}' has count {ring.Count}; it must be at least 1.");
            if (ring.Percent is { } share && !(share is > 0 and <= 100)) problems.Add($"Ring '{name}' has percent {share}; it must be above 0 and at most 100.");
            if (ring.Devices is { Count: 0 }) problems.Add($"Ring '{name}' names no device.");
        }
        foreach (var twice in rings.GroupBy(r => r.Name).Where(g => g.Count() > 1)) problems.Add($"{twice.Count()} rings are called '{twice.Key}'.");
        var sum = rings.Sum(r => r.Percent ?? 0);
        if (sum > 100 + 1e-9) problems.Add($"The rings' percentages add up to {sum:0.#}; each is the ring's own share of all targets, not a running total.");
    }

    private static void Positive(List<string> problems, string name, double value, bool allowZero)
    {
        if (!double.IsFinite(value) || value < 0 || (!allowZero && value == 0))
            problems.Add($"{name} is {value}; it must be {(allowZero ? "0 or more" : "above 0")}.");
    }

    private static void Between(List<string> problems, string name, double value, double low, double high)
    {
        if (!(value > low && value < high)) problems.Add($"{name} is {value}; it must lie between {low} and {high}, both excluded.");
    }
}
