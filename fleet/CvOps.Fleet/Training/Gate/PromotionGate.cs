using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Statistics;

namespace CvOps.Fleet.Training.Gate;

/// <summary>
/// Challenger against champion on the golden set, pair by pair. Refused: the whole set or a slice shows a loss beyond the margin, that
/// is, the upper end of the paired interval of the difference lies below -margin; or its confidence is worth less, or a part costs more than is allowed. Passed: the lower
/// end over the whole set lies above -margin and nothing is refused. Anything else is Inconclusive; so is a golden set too small to tell. The whole is judged at
/// 95 %; m slices each at 1 - 5 % / m, so that many slices do not refuse a good model by chance (Bonferroni). Pure.
/// </summary>
internal static class PromotionGate
{
    /// <summary>Fewer golden frames than this never pass: the interval of a handful is wider than any margin.</summary>
    public const int LeastFrames = 30;

    /// <summary>A slice with fewer frames is shown and not judged.</summary>
    public const int LeastSliceFrames = 8;

    /// <summary>Changed frames that are listed.</summary>
    public const int MostChanged = 200;

    private const double Confidence = 0.95;
    private const double Blind = 0.2;

    public static GateResult Decide(string challenger, GateRequest request, IReadOnlyList<GoldenOutcome> outcomes, GateCost? cost, DateTimeOffset at)
    {
        var margin = request.NonInferiorityMargin;
        var groups = outcomes.SelectMany(outcome => outcome.Slices, (outcome, slice) => (slice, outcome)).GroupBy(pair => pair.slice, pair => pair.outcome)
            .OrderBy(group => group.Key.Kind != "class").ThenBy(group => group.Key.Kind, StringComparer.Ordinal).ThenBy(group => group.Key.Value, StringComparer.Ordinal)
            .Select(group => (group.Key, Outcomes: group.ToArray())).ToArray();
        var judged = Math.Max(1, groups.Count(group => group.Outcomes.Length >= LeastSliceFrames));
        var slices = groups.Select(group => Slice(group.Key, group.Outcomes, margin, 1 - ((1 - Confidence) / judged))).ToArray();
        var all = Slice(new GoldenSlice("all", "all"), outcomes, margin, Confidence);
        var calibration = CalibrationRule.Judge(outcomes, request.CalibrationMargin, Confidence);
        var (verdict, reason) = Verdict(all, slices, calibration, cost, request);
        var changed = outcomes.Where(outcome => outcome.Champion.Right != outcome.Challenger.Right).OrderBy(outcome => outcome.Challenger.Right).ToArray();
        return new GateResult(verdict, reason, request.Champion, challenger, outcomes.Count, all.ChampionAccuracy, all.ChallengerAccuracy, all.Difference, slices, at)
        {
            EqualityP = Intervals.McNemarExact(changed.Count(outcome => outcome.Challenger.Right), changed.Count(outcome => outcome.Champion.Right)), Calibration = calibration, Cost = cost, Production = ProductionRule.Estimate(outcomes),
            ChangedFrames = changed.Length,
            Changed = [.. changed.Take(MostChanged).Select(outcome => new ChangedFrame(outcome.FrameId, outcome.Truth, outcome.Champion.Says, outcome.Challenger.Says, outcome.Champion.Right))],
        };
    }

    private static (GateVerdict, string) Verdict(GateSlice all, GateSlice[] slices, GateCalibration? calibration, GateCost? cost, GateRequest request)
    {
        var margin = request.NonInferiorityMargin;
        if (all.Frames < LeastFrames) return (GateVerdict.Inconclusive, $"The golden set has {all.Frames} frames; at least {LeastFrames} are needed to tell anything. Label more audit frames, or import golden pictures.");
        var refused = slices.Where(slice => slice.Verdict == GateVerdict.Refused).ToArray();
        var blind = refused.Where(slice => slice is { Kind: "class", ChallengerAccuracy: <= Blind, ChampionAccuracy: > Blind }).Select(slice => slice.Slice).ToArray();
        var numbers = string.Create(CultureInfo.InvariantCulture,
            $"accuracy {all.ChampionAccuracy:0.000} -> {all.ChallengerAccuracy:0.000} on {all.Frames} golden frames, difference {all.Difference.Estimate:+0.000;-0.000;0.000} [{all.Difference.Lower:+0.000;-0.000;0.000}, {all.Difference.Upper:+0.000;-0.000;0.000}] at {Confidence:P0}, margin {margin:0.000}");
        if (blind.Length > 0) return (GateVerdict.Refused, $"The challenger is blind to {string.Join(" and ", blind)}: {numbers}.");
        if (refused.Length > 0) return (GateVerdict.Refused, $"The challenger is worse on {string.Join(" and ", refused.Select(Name))}: {numbers}.");
        if (all.Verdict == GateVerdict.Refused) return (GateVerdict.Refused, $"The challenger is worse: {numbers}.");
        if (calibration is { Verdict: GateVerdict.Refused })
        {
            return (GateVerdict.Refused, string.Create(CultureInfo.InvariantCulture,
                $"The challenger's confidence is worth less: its squared error is {calibration.Brier.Estimate:+0.000;-0.000} [{calibration.Brier.Lower:+0.000;-0.000}, {calibration.Brier.Upper:+0.000;-0.000}], margin {request.CalibrationMargin:0.000}; {numbers}."));
        }
        if (cost is { Verdict: GateVerdict.Refused })
        {
            return (GateVerdict.Refused, string.Create(CultureInfo.InvariantCulture,
                $"The challenger costs too much: {cost.ChampionMs:0.00} -> {cost.ChallengerMs:0.00} ms a part (at most {request.MostLatency:0.##} times), {cost.ChampionBytes} -> {cost.ChallengerBytes} bytes (at most {request.MostBytes:0.##} times); {numbers}."));
        }
        return all.Difference.Lower > -margin
            ? (GateVerdict.Passed, $"The challenger is no worse: {numbers}.")
            : (GateVerdict.Inconclusive, $"The golden set is too small to tell: {numbers}.");
    }

    private static string Name(GateSlice slice) => slice.Kind == "class" ? slice.Slice : $"{slice.Kind} {slice.Slice}";

    private static GateSlice Slice(GoldenSlice slice, IReadOnlyList<GoldenOutcome> outcomes, double margin, double confidence)
    {
        long both = 0, onlyChallenger = 0, onlyChampion = 0, neither = 0;
        foreach (var outcome in outcomes)
        {
            switch (outcome.Challenger.Right, outcome.Champion.Right)
            {
                case (true, true): both++; break;
                case (true, false): onlyChallenger++; break;
                case (false, true): onlyChampion++; break;
                default: neither++; break;
            }
        }
        if (outcomes.Count == 0) return new GateSlice(slice.Value, 0, 0, 0, new IntervalView(-1, 0, 1, confidence), GateVerdict.Inconclusive, slice.Kind);
        var interval = Intervals.PairedDifference(both, onlyChallenger, onlyChampion, neither, confidence);
        var verdict = outcomes.Count < LeastSliceFrames ? GateVerdict.Inconclusive
            : interval.High < -margin ? GateVerdict.Refused
            : interval.Low > -margin ? GateVerdict.Passed
            : GateVerdict.Inconclusive;
        return new GateSlice(slice.Value, outcomes.Count, (both + onlyChampion) / (double)outcomes.Count, (both + onlyChallenger) / (double)outcomes.Count,
            new IntervalView(interval.Low, interval.Estimate, interval.High, confidence), verdict, slice.Kind);
    }
}
