using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;

namespace CvOps.Fleet.Rollouts;

/// <summary>Whether somebody may let a rollout go on whose plan asks for a second person. Pure.</summary>
internal static class FourEyesRule
{
    /// <param name="always">The fleet asks it of every plan.</param>
    public static bool Asked(RolloutPlan plan, bool always) => plan.FourEyes || always;

    /// <returns>Why a plan cannot begin as it is; null when a second person is asked somewhere, or none has to be.</returns>
    public static string? Unasked(RolloutPlan plan, bool draft, bool always) => !Asked(plan, always) || draft || plan.Rings is [{ Approval: true }, ..]
        ? null
        : "Four eyes are asked for, and nobody would be: keep the plan as a draft (cvops rollout start PLAN --draft) that another person releases, or give its first ring approval: true.";

    /// <param name="author">Who wrote the plan as it is now.</param>
    /// <returns>Why this principal is not the second person; null when it is, or none is asked for.</returns>
    public static string? Refusal(RolloutPlan plan, bool always, string author, Principal who)
    {
        if (!Asked(plan, always)) return null;
        if (who.Account is null || who.ActsForOthers) return $"Four eyes: a person with an account says go, and {who.Name} is none.";
        if (!who.May(Permission.Approve)) return $"Four eyes: this needs the right to approve, which {who.Name} does not have.";
        return who.Name == author ? $"Four eyes: {who.Name} wrote this plan, so somebody else says go." : null;
    }
}
