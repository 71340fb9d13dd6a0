using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>
/// How the plan's risks are dealt to its tests, so that the plan's numbers hold for the rollout as a whole. Each test is valid at every look and goes on over
/// all rings, so neither looks nor rings cost anything; metrics do (Bonferroni), as each of them may err. Pure.
/// </summary>
internal static class RiskShares
{
    /// <summary>Both models see the same frames: not for a first installation, and not for a configuration.</summary>
    public static bool Compares(RolloutPlan plan) => !plan.FirstInstallation && plan.Configuration is null;

    /// <summary>What judged frames need to stop: half of the risk is theirs, as each of them costs a person and parts cost nothing.</summary>
    public static double StopAt(RolloutPlan plan) => (Compares(plan) ? 2 : 1) / plan.Guardrails.FalseStopRisk;

    /// <summary>What a metric needs to stop: they share what is left, the plan's own error rate among them.</summary>
    public static double GuardAt(RolloutPlan plan) => StopAt(plan) * (1 + (plan.FirstInstallation ? 0 : plan.Guardrails.Metrics.Count(guard => guard.Guard.Then == GuardAction.Stop)));

    /// <summary>What a shift needs to pause, disagreement among them: a risk of the same size, for pauses.</summary>
    public static double PauseAt(RolloutPlan plan) =>
        (1 + plan.Guardrails.Metrics.Sum(guard => (guard.Guard.Then == GuardAction.Pause ? 1 : 0) + (guard.Guard.Shift is null ? 0 : 2))) / plan.Guardrails.FalseStopRisk;

    public static double PromoteAt(RolloutPlan plan) => 1 / plan.Guardrails.FalsePromotionRisk;
}
