using CvOps.Contracts.Packages;
using CvOps.Statistics.Change;

namespace CvOps.Fleet.Drift;

/// <summary>
/// Evidence that a camera's world changed, covariate by covariate, window by window. Pure; a new one for each window.
/// </summary>
/// <param name="Covariates">By name; those that were seen at least once.</param>
/// <param name="LimitYears">
/// From how many years on it is certain. With c cameras in the fleet, s covariates and r false alarms allowed a year it is c s / r: each covariate's
/// share of the false alarms is then r / (c s) a year, and shares add up to r whatever depends on what (Bonferroni's union). e-BH would ask
/// for less where many cameras change together, but bounds the part of false ones among the alarms and not how many a year there are, and a
/// camera's alarm would hang on every other camera's; a thousand cameras cost seven natural logarithms, some four frames of two standard deviations.
/// </param>
/// <param name="Bets">Worked out before; not part of what is known.</param>
internal sealed record CameraEvidence(IReadOnlyDictionary<string, ChangeState> Covariates, double LimitYears, ChangeBetsCache Bets)
{
    /// <summary>Classes with a bin of their own, the most frequent of the reference; the others and those never seen share one.</summary>
    private const int ClassBins = 15;

    /// <summary>Below this nothing is said about when: it is the noise of a quiet camera.</summary>
    private const double LeastYears = 1;

    public CameraEvidence(IReadOnlyDictionary<string, ChangeState> covariates, ChangeBetsCache bets) : this(covariates, double.PositiveInfinity, bets)
    {
    }

    /// <summary>Nothing seen, nothing certain.</summary>
    public CameraEvidence None => new(new Dictionary<string, ChangeState>(), Bets);

    public double Limit => Math.Log10(LimitYears);

    /// <param name="reference">What the camera is compared with; what it does not hold is forgotten.</param>
    /// <param name="newest">The window that just came, alone.</param>
    /// <param name="cameras">In the fleet, at least 1.</param>
    public CameraEvidence Observe(ReferenceProfile reference, RecentFrames newest, int cameras, DriftLimits limits)
    {
        var states = new Dictionary<string, ChangeState>();
        foreach (var (name, histogram) in reference.Histograms)
        {
            if (newest.Histograms.TryGetValue(name, out var counts)) states[name] = ChangeDetector.Observe(Bets, histogram.Counts, ordered: true, Of(name), counts.Counts, newest.From, newest.To);
            else if (Of(name) is { } before) states[name] = before;
        }
        if (reference.Classes.Count > 0)
        {
            var named = reference.Classes.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Take(ClassBins).Select(c => c.Key).ToArray();
            states[DriftDecision.ClassMix] = ChangeDetector.Observe(Bets, Bins(reference.Classes, named), ordered: false, Of(DriftDecision.ClassMix), Bins(newest.Classes, named), newest.From, newest.To);
        }
        return new CameraEvidence(states, Math.Max(1, cameras) * (reference.Histograms.Count + 1) / limits.FalseAlarmsAYear, Bets);
    }

    /// <summary>Without what was won up to now; how frames depend on each other is still known.</summary>
    public CameraEvidence Forget() => this with { Covariates = Covariates.ToDictionary(c => c.Key, c => c.Value.Forget()) };

    public ChangeState? Of(string covariate) => Covariates.GetValueOrDefault(covariate);

    public bool IsCertain(string covariate) => Of(covariate) is { } state && state.Years >= LimitYears;

    public DateTimeOffset? Since(string covariate) => Of(covariate) is { Years: >= LeastYears } state ? state.ChangedAt : null;

    private static long[] Bins(IReadOnlyDictionary<string, long> classes, string[] named) =>
        [.. named.Select(name => classes.GetValueOrDefault(name)), classes.Where(c => !named.Contains(c.Key)).Sum(c => c.Value)];
}
