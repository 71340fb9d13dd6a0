using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Statistics;

namespace CvOps.Fleet.Training;

/// <summary>One golden frame under both models.</summary>
/// <param name="Truth">The class a person gave it.</param>
internal readonly record struct GoldenOutcome(string Truth, string? Champion, string? Challenger);

/// <summary>
/// Challenger against champion on the golden set, pair by pair. Refused: the whole set or a class shows a loss beyond the margin, that
/// is, the upper end of the 95 % paired interval of the difference lies below -margin. Passed: the lower end over the whole set lies
/// above -margin and no class is refused. Anything else is Inconclusive; so is a golden set too small to tell.
/// </summary>
internal static class PromotionGate
{
    /// <summary>Fewer golden frames than this never pass: the interval of a handful is wider than any margin.</summary>
    public const int LeastFrames = 30;

    /// <summary>A class with fewer frames is shown and not judged.</summary>
    public const int LeastSliceFrames = 8;

    private const double Confidence = 0.95;
    private const double Blind = 0.2;

    public static GateResult Decide(string champion, string challenger, IReadOnlyList<GoldenOutcome> outcomes, double margin, DateTimeOffset at)
    {
        var slices = outcomes.GroupBy(outcome => outcome.Truth).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => Slice(group.Key, [.. group], margin)).ToArray();
        var all = Slice("all", outcomes, margin);
        var (verdict, reason) = Verdict(all, slices, margin);
        return new GateResult(verdict, reason, champion, challenger, outcomes.Count, all.ChampionAccuracy, all.ChallengerAccuracy, all.Difference, slices, at);
    }

    private static (GateVerdict, string) Verdict(GateSlice all, GateSlice[] slices, double margin)
    {
        if (all.Frames < LeastFrames) return (GateVerdict.Inconclusive, $"The golden set has {all.Frames} frames; at least {LeastFrames} are needed to tell anything. Label more audit frames, or import golden pictures.");
        var refused = slices.Where(slice => slice.Verdict == GateVerdict.Refused).ToArray();
        var blind = refused.Where(slice => slice.ChallengerAccuracy <= Blind && slice.ChampionAccuracy > Blind).Select(slice => slice.Slice).ToArray();
        var numbers = string.Create(CultureInfo.InvariantCulture,
            $"accuracy {all.ChampionAccuracy:0.000} -> {all.ChallengerAccuracy:0.000} on {all.Frames} golden frames, difference {all.Difference.Estimate:+0.000;-0.000;0.000} [{all.Difference.Lower:+0.000;-0.000;0.000}, {all.Difference.Upper:+0.000;-0.000;0.000}] at {Confidence:P0}, margin {margin:0.000}");
        if (blind.Length > 0) return (GateVerdict.Refused, $"The challenger is blind to {string.Join(" and ", blind)}: {numbers}.");
        if (refused.Length > 0) return (GateVerdict.Refused, $"The challenger is worse on {string.Join(" and ", refused.Select(slice => slice.Slice))}: {numbers}.");
        if (all.Verdict == GateVerdict.Refused) return (GateVerdict.Refused, $"The challenger is worse: {numbers}.");
        return all.Difference.Lower > -margin
            ? (GateVerdict.Passed, $"The challenger is no worse: {numbers}.")
            : (GateVerdict.Inconclusive, $"The golden set is too small to tell: {numbers}.");
    }

    private static GateSlice Slice(string name, IReadOnlyList<GoldenOutcome> outcomes, double margin)
    {
        long both = 0, onlyChallenger = 0, onlyChampion = 0, neither = 0;
        foreach (var outcome in outcomes)
        {
            switch (outcome.Challenger == outcome.Truth, outcome.Champion == outcome.Truth)
            {
                case (true, true): both++; break;
                case (true, false): onlyChallenger++; break;
                case (false, true): onlyChampion++; break;
                default: neither++; break;
            }
        }
        if (outcomes.Count == 0) return new GateSlice(name, 0, 0, 0, new IntervalView(-1, 0, 1, Confidence), GateVerdict.Inconclusive);
        var interval = Intervals.PairedDifference(both, onlyChallenger, onlyChampion, neither, Confidence);
        var verdict = outcomes.Count < LeastSliceFrames ? GateVerdict.Inconclusive
            : interval.High < -margin ? GateVerdict.Refused
            : interval.Low > -margin ? GateVerdict.Passed
            : GateVerdict.Inconclusive;
        return new GateSlice(name, outcomes.Count, (both + onlyChampion) / (double)outcomes.Count, (both + onlyChallenger) / (double)outcomes.Count,
            new IntervalView(interval.Low, interval.Estimate, interval.High, Confidence), verdict);
    }
}
