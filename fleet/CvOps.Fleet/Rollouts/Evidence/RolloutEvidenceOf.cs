using CvOps.Contracts.Api;
using CvOps.Statistics;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>The evidence that follows from a rollout's sums, and from nothing else: the same sums give the same bits. Pure.</summary>
internal static class RolloutEvidenceOf
{
    /// <summary>Most points of the curve; then every other one goes.</summary>
    public const int CurvePoints = 200;

    /// <param name="guards">That of the plan, kept by whoever asks often; null makes one.</param>
    public static RolloutEvidence Sums(RolloutPlan plan, RolloutSums sums, IReadOnlyList<EvidencePoint> curve, GuardRule? guards = null)
    {
        var counts = sums.Of(Arms.Challenger);
        var (parts, pairs) = (counts[ArmCounter.Parts], counts[ArmCounter.Pairs]);
        var paired = new PairedEvidence(plan.Guardrails.NonInferiorityMargin, pairs, counts[ArmCounter.Discordant], counts[ArmCounter.ChallengerRight], counts[ArmCounter.ChampionRight], counts[ArmCounter.NeitherRight]);
        var errors = new BernoulliEProcess(plan.Guardrails.ErrorRate, parts, Math.Min(counts[ArmCounter.Errors], parts));
        var disagreement = new BernoulliEProcess(plan.Guardrails.Disagreement, pairs, Math.Min(counts[ArmCounter.Discordant], pairs));
        var shift = ConfidenceSequence.Mean((double)(counts[ArmCounter.PairedChallengerConfidence] - counts[ArmCounter.PairedChampionConfidence]) / ArmCounts.ConfidenceUnit, pairs, plan.Guardrails.FalseStopRisk);
        double Mean(ArmCounter sum) => pairs == 0 ? 0 : (double)counts[sum] / ArmCounts.ConfidenceUnit / pairs;
        return new RolloutEvidence(
            parts, pairs, counts[ArmCounter.Discordant], paired.Judged, counts[ArmCounter.ChallengerRight], counts[ArmCounter.ChampionRight], counts[ArmCounter.NeitherRight],
            paired.StopEvidence, RiskShares.StopAt(plan), paired.PromoteEvidence, RiskShares.PromoteAt(plan),
            counts[ArmCounter.Errors], errors.Evidence, Mean(ArmCounter.PairedChampionConfidence), Mean(ArmCounter.PairedChallengerConfidence), [.. curve])
        {
            GuardAt = RiskShares.GuardAt(plan), PauseAt = RiskShares.PauseAt(plan), Guards = (guards ?? new GuardRule(plan)).Judge(sums), Controls = Math.Max(pairs, sums.Of(Arms.Champion)[ArmCounter.Parts]),
            ConfidenceShiftLow = shift.Low, ConfidenceShiftHigh = shift.High, DisagreementEvidence = disagreement.Evidence, AgreementEvidence = Evidences.FromLog(disagreement.LogEvidenceBelow),
        };
    }

    /// <summary>Adds a point when something changed since the last; keeps the curve short by dropping every other point.</summary>
    /// <returns>False when nothing changed.</returns>
    public static bool AddPoint(List<EvidencePoint> curve, RolloutEvidence evidence, DateTimeOffset at)
    {
        var point = new EvidencePoint(at, evidence.Parts, Math.Log(evidence.StopEvidence), Math.Log(evidence.PromoteEvidence));
        if (curve is [.., var last] && last.Parts == point.Parts && last.LogStop.Equals(point.LogStop) && last.LogPromote.Equals(point.LogPromote)) return false;
        if (curve.Count == CurvePoints)
        {
            EvidencePoint[] kept = [.. curve.Where((_, i) => i % 2 == 0)];
            curve.Clear();
            curve.AddRange(kept);
        }
        curve.Add(point);
        return true;
    }
}
