using CvOps.Contracts.Api;
using CvOps.Fleet.Ingest;
using CvOps.Statistics;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>
/// What a rollout has counted, each report and each judged frame once however often it is told. Every evidence value follows from these counts,
/// so nothing else has to survive a restart.
/// </summary>
internal sealed class RolloutCounts
{
    /// <summary>Most points of the curve; then every other one goes.</summary>
    public const int CurvePoints = 200;

    public long Parts { get; set; }

    public long Errors { get; set; }

    public long Pairs { get; set; }

    public long Discordant { get; set; }

    public long ChallengerRight { get; set; }

    public long ChampionRight { get; set; }

    public long NeitherRight { get; set; }

    public double ChallengerConfidence { get; set; }

    public double ChampionConfidence { get; set; }

    /// <summary>By device, a saved <see cref="DuplicateWindow"/>.</summary>
    public Dictionary<string, byte[]> Applied { get; set; } = [];

    public HashSet<string> JudgedFrames { get; set; } = [];

    public List<EvidencePoint> Curve { get; set; } = [];

    /// <returns>Parts among the marks that were not applied before; null when none of the marks was new.</returns>
    public long? Apply(RolloutTally tally)
    {
        var window = DuplicateWindow.Load(Applied.GetValueOrDefault(tally.Device.Value));
        var (fresh, parts) = (false, 0L);
        foreach (var mark in tally.Marks)
        {
            if (!window.TryApply(new(tally.Device, mark.Boot, mark.Sequence))) continue;
            fresh = true;
            if (mark.Part) parts++;
            if (mark.Part && mark.Error) Errors++;
            if (!mark.Pair) continue;
            Pairs++;
            if (mark.Discordant) Discordant++;
            ChallengerConfidence += mark.ChallengerConfidence;
            ChampionConfidence += mark.ChampionConfidence;
        }
        if (!fresh) return null;
        Applied[tally.Device.Value] = window.Save();
        Parts += parts;
        return parts;
    }

    /// <returns>False when this frame was judged before: the first word stands, as a sequential test can't take one back.</returns>
    public bool Judge(string frameId, JudgedPair result)
    {
        if (!JudgedFrames.Add(frameId)) return false;
        if (result == JudgedPair.ChallengerRight) ChallengerRight++;
        else if (result == JudgedPair.ChampionRight) ChampionRight++;
        else NeitherRight++;
        return true;
    }

    public RolloutEvidence ToEvidence(RolloutPlan plan)
    {
        var paired = Paired(plan);
        var errors = new BernoulliEProcess(plan.Guardrails.ErrorRate, Parts, Math.Min(Errors, Parts));
        return new RolloutEvidence(
            Parts, Pairs, Discordant, paired.Judged, ChallengerRight, ChampionRight, NeitherRight,
            paired.StopEvidence, RolloutGate.StopAt(plan), paired.PromoteEvidence, RolloutGate.PromoteAt(plan),
            Errors, errors.Evidence, Mean(ChampionConfidence), Mean(ChallengerConfidence), [.. Curve]);
    }

    /// <summary>Adds a point when something changed since the last; keeps the curve short by dropping every other point.</summary>
    public void AddPoint(RolloutPlan plan, DateTimeOffset at)
    {
        var paired = Paired(plan);
        var point = new EvidencePoint(at, Parts, paired.LogStop, paired.LogPromote);
        if (Curve is [.., var last] && last.Parts == point.Parts && last.LogStop.Equals(point.LogStop) && last.LogPromote.Equals(point.LogPromote)) return;
        if (Curve.Count == CurvePoints) Curve = [.. Curve.Where((_, i) => i % 2 == 0)];
        Curve.Add(point);
    }

    private PairedEvidence Paired(RolloutPlan plan) =>
        new(plan.Guardrails.NonInferiorityMargin, Pairs, Discordant, ChallengerRight, ChampionRight, NeitherRight);

    private double Mean(double sum) => Pairs == 0 ? 0 : sum / Pairs;
}
