using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;

namespace CvOps.Fleet.Rollouts;

/// <summary>Whether somebody may let something go on that asks for a second person. Pure.</summary>
internal static class FourEyesRule
{
    /// <param name="always">The fleet asks it of every plan.</param>
    public static bool Asked(RolloutPlan plan, bool always) => plan.FourEyes || always;

    /// <returns>Why a plan cannot begin as it is; null when a second person is asked somewhere, or none has to be.</returns>
    public static string? Unasked(RolloutPlan plan, bool draft, bool always) => !Asked(plan, always) || draft || plan.Rings is [{ Approval: true }, ..]
        ? null
        : "Four eyes are asked for, and nobody would be: keep the plan as a draft (cvops rollout start PLAN --draft) that another person releases, or give its first ring approval: true.";

    /// <param name="authors">Who wrote the plan as it is now, or is behind the model.</param>
    /// <param name="did">What they did, for the sentence: <c>wrote this plan</c>.</param>
    /// <returns>Why this principal is not the second person; null when it is.</returns>
    public static string? Refusal(IReadOnlyCollection<string> authors, string did, Principal who)
    {
        if (who.Account is null || who.ActsForOthers) return $"Four eyes: a person with an account says go, and {who.Name} is none.";
        if (!who.May(Permission.Approve)) return $"Four eyes: this needs the right to approve, which {who.Name} does not have.";
        return authors.Contains(who.Name) ? $"Four eyes: {who.Name} {did}, so somebody else says go." : null;
    }
}
