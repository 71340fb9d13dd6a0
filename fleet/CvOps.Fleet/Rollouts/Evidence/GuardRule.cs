using CvOps.Contracts.Api;
using CvOps.Statistics;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>
/// What the sums say of each metric. Pure but for what it keeps ready for the ratios of its plan; the same sums give the same bits.
/// <para><b>What with what.</b> Three comparisons can speak against the new model. On the <b>same frames</b> both models see the same parts, so nothing but the
/// models differs. <b>Controls</b> are the devices that do not have the new model yet: they see the same shift, but are other cameras. A device's <b>own past</b>
/// is the same camera, but saw other parts. Where there are both of the last, the lesser counts: a batch of bad parts shows in one and not in the other,
/// and so do unlike cameras. The lesser, or the one there is, is at most the sum of two test supermartingales; so with the pairs' a third of the sum of
/// the three, without pairs half of the sum of two, is bounded by one from 1, and its limit holds at every look (Ville 1939).</para>
/// <para><b>Where.</b> Half of the stake lies on all groups together, half evenly on each alone: a mean of test supermartingales is one, however they depend
/// on each other. A group without controls of its own has its past alone: to borrow those of other groups would compare unlike lines. How many groups there are is settled
/// when the rings are dealt.</para>
/// </summary>
internal sealed class GuardRule(RolloutPlan plan)
{
    private static readonly double LogTwo = Math.Log(2), LogThree = Math.Log(3);

    private readonly Dictionary<double, RateComparison> _comparisons = plan.Guardrails.Metrics
        .SelectMany(guard => guard.Guard.Shift is { } shift ? [guard.Guard.Ratio, shift] : new[] { guard.Guard.Ratio }).Distinct().ToDictionary(ratio => ratio, ratio => new RateComparison(ratio));

    /// <returns>One for each test of the plan, whether it has something to compare or not; none for a first installation.</returns>
    public IReadOnlyList<GuardEvidence> Judge(RolloutSums sums)
    {
        if (plan.FirstInstallation) return [];
        var all = Sides.Of(sums.Of);
        (string? Name, Sides Sides)[] groups = sums.Groups.Count <= 1 ? [] :
        [
            .. sums.Groups.Select(group => ((string?)group, Sides.Of(arm => sums.Of(group, arm)))),
        ];
        var guards = new List<GuardEvidence>();
        foreach (var (metric, guard) in plan.Guardrails.Metrics)
        {
            if (guard.Then != GuardAction.Ignore) guards.Add(Judge(metric, GuardTest.More, guard.Ratio, guard.Then, all, groups));
            if (guard.Shift is not { } shift) continue;
            guards.Add(Judge(metric, GuardTest.Higher, shift, GuardAction.Pause, all, groups));
            guards.Add(Judge(metric, GuardTest.Lower, shift, GuardAction.Pause, all, groups));
        }
        return guards;
    }

    private GuardEvidence Judge(RolloutMetric metric, GuardTest test, double ratio, GuardAction then, Sides all, (string? Name, Sides Sides)[] groups)
    {
        var at = then == GuardAction.Stop ? RiskShares.GuardAt(plan) : RiskShares.PauseAt(plan);
        var (shown, log, named) = (Compare(metric, test, ratio, all), 0.0, (string?)null);
        if (groups.Length == 0) log = shown.Log;
        else
        {
            var alone = Array.ConvertAll(groups, group => Compare(metric, test, ratio, group.Sides));
            log = Evidences.LogSum(shown.Log - LogTwo, Evidences.LogSum(Array.ConvertAll(alone, group => group.Log)) - Math.Log(groups.Length) - LogTwo);
            // A place is named when it alone is sure of it at the plan's risk; when several are, it is everywhere.
            var limit = Math.Log(1 / plan.Guardrails.FalseStopRisk);
            if (alone.Count(group => group.Log >= limit) == 1 && Array.FindIndex(alone, group => group.Log >= limit) is var i && groups[i].Name is { Length: > 0 } name) (shown, named) = (alone[i], name);
        }
        var interval = ConfidenceSequence.Rate(shown.Challenger.Events, shown.Challenger.Trials, plan.Guardrails.FalseStopRisk);
        return new GuardEvidence(metric, test, then, double.IsNegativeInfinity(log) ? 1 : Evidences.FromLog(log), at, named, shown.Against, shown.Challenger.Share, shown.Champion)
        {
            ChallengerLow = interval.Low, ChallengerHigh = interval.High,
        };
    }

    private Shown Compare(RolloutMetric metric, GuardTest test, double ratio, Sides sides)
    {
        var (mine, least) = (Rate.Of(metric, sides.Challenger), Math.Max(1, plan.Guardrails.Controls));
        var (controls, past) = (Rate.Of(metric, sides.Controls), Rate.Of(metric, sides.Past));
        var comparison = _comparisons[ratio];
        double Log(Rate other) => test == GuardTest.Lower ? comparison.LogEvidence(other.Trials, other.Events, mine.Trials, mine.Events) : comparison.LogEvidence(mine.Trials, mine.Events, other.Trials, other.Events);
        var shown = new Shown(double.NegativeInfinity, GuardComparison.None, mine, 0);
        if (mine.Trials > 0 && (controls.Trials >= least || past.Trials >= least))
        {
            var (byControls, byPast) = (controls.Trials >= least ? Log(controls) : double.PositiveInfinity, past.Trials >= least ? Log(past) : double.PositiveInfinity);
            shown = new Shown(Math.Min(byControls, byPast), double.IsPositiveInfinity(byControls) ? GuardComparison.Past : double.IsPositiveInfinity(byPast) ? GuardComparison.Controls : GuardComparison.Both,
                mine, byControls < byPast ? controls.Share : past.Share);
        }
        if (Pairs.Of(metric, sides.Challenger) is not { All: > 0 } pairs || !RiskShares.Compares(plan)) return shown with { Log = shown.Log - LogTwo };
        var paired = new PairedRateEvidence(ratio);
        var byPairs = test == GuardTest.Lower ? paired.LogEvidence(pairs.Both, pairs.Champion, pairs.Challenger) : paired.LogEvidence(pairs.Both, pairs.Challenger, pairs.Champion);
        var log = Evidences.LogSum(byPairs, shown.Log) - LogThree;
        return byPairs >= shown.Log
            ? new Shown(log, GuardComparison.Pairs, new Rate(pairs.All, pairs.Both + pairs.Challenger), (double)(pairs.Both + pairs.Champion) / pairs.All)
            : shown with { Log = log };
    }

    private readonly record struct Sides(ArmCounts Challenger, ArmCounts Controls, ArmCounts Past)
    {
        public static Sides Of(Func<int, ArmCounts> sum) => new(sum(Arms.Challenger), sum(Arms.Champion) - sum(Arms.Past), sum(Arms.Past));
    }

    private readonly record struct Shown(double Log, GuardComparison Against, Rate Challenger, double Champion);

    private readonly record struct Rate(long Trials, long Events)
    {
        public double Share => Trials == 0 ? 0 : (double)Events / Trials;

        public static Rate Of(RolloutMetric metric, ArmCounts arm)
        {
            var answered = arm[ArmCounter.Parts] - arm[ArmCounter.Errors];
            var (trials, events) = metric switch
            {
                RolloutMetric.Errors => (arm[ArmCounter.Parts], arm[ArmCounter.Errors]),
                RolloutMetric.Latency => (arm[ArmCounter.Timed], arm[ArmCounter.Slow]),
                RolloutMetric.Rejects => (answered, arm[ArmCounter.Rejects]),
                RolloutMetric.Confidence => (answered, arm[ArmCounter.Unsure]),
                RolloutMetric.Drift => (arm[ArmCounter.Windows], arm[ArmCounter.DriftedWindows]),
                RolloutMetric.Crashes => (arm[ArmCounter.Reports], arm[ArmCounter.Restarts]),
                _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "Unknown metric."),
            };
            return new Rate(trials, Math.Min(events, trials));
        }
    }

    private readonly record struct Pairs(long All, long Both, long Challenger, long Champion)
    {
        /// <returns>Null for what only the model in charge has.</returns>
        public static Pairs? Of(RolloutMetric metric, ArmCounts arm) => metric switch
        {
            RolloutMetric.Rejects => new Pairs(arm[ArmCounter.Pairs], arm[ArmCounter.BothReject], arm[ArmCounter.OnlyChallengerRejects], arm[ArmCounter.OnlyChampionRejects]),
            RolloutMetric.Confidence => new Pairs(arm[ArmCounter.Pairs], arm[ArmCounter.BothUnsure], arm[ArmCounter.OnlyChallengerUnsure], arm[ArmCounter.OnlyChampionUnsure]),
            _ => null,
        };
    }
}
