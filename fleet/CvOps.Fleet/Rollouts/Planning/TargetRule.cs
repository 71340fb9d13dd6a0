using CvOps.Contracts.Api;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>Which devices a plan is about. Fails closed: what could be a typo selects nothing, and everything has to be said. Pure.</summary>
internal static class TargetRule
{
    /// <summary>Everything the plan asks of a device. The plan's texts are sound.</summary>
    public static LabelSelector Selector(RolloutPlan plan)
    {
        var labels = LabelSelector.Of(plan.Target);
        return plan.Select is { } text ? labels.And(LabelSelector.Parse(text)) : labels;
    }

    /// <returns>The devices that match, in the order given; empty with a mistake.</returns>
    public static List<Candidate> Select(RolloutPlan plan, IReadOnlyList<Candidate> fleet, KnownLabels known, List<PlanMistake> mistakes)
    {
        var (before, path) = (mistakes.Count, plan.Select is null ? "target" : "select");
        var selector = Selector(plan);
        mistakes.AddRange(known.Unknown(selector).Select(problem => new PlanMistake(path, problem)));
        if (mistakes.Count > before) return [];

        var matching = fleet.Where(device => selector.Matches(device.Selectable)).ToList();
        if (matching.Count == 0) mistakes.Add(new(path, $"No device matches the target ({selector}); the fleet knows {fleet.Count} devices."));
        else if (plan.Everything && matching.Count < fleet.Count)
            mistakes.Add(new(path, $"The plan says that everything is meant, but {selector} matches {matching.Count} of {fleet.Count} devices: leave one of the two out."));
        else if (!plan.Everything && matching.Count == fleet.Count && fleet.Count > 1)
            mistakes.Add(new(path, $"{selector} matches every one of the fleet's {fleet.Count} devices; if that is meant, say 'target: everything' instead."));
        return mistakes.Count > before ? [] : matching;
    }
}
