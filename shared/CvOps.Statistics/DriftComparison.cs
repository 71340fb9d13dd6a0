using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Statistics.Causes;

namespace CvOps.Statistics;

/// <summary>
/// Two worlds held against each other once, covariate by covariate: how far apart, and whether that can be chance. For a look that is repeated, as the
/// fleet's is, the anytime-valid detector decides.
/// </summary>
public static class DriftComparison
{
    /// <summary>Least PSI, beyond what chance gives on average, of a covariate that has moved: it matters.</summary>
    public const double MovedPsi = 0.2;

    /// <summary>Chance of one covariate or more to move without cause; each has its part of it (Bonferroni).</summary>
    public const double FalseAlarm = 1e-4;

    // Of the reference, in a bin of its own: what Pearson's test needs, and tails where there are frames enough.
    private const double LeastShare = 0.02;
    private const int LeastFrames = 8;

    /// <param name="counts">Over the reference's edges; covariates that are missing or empty on a side are left out.</param>
    /// <param name="classes">How often each class was the top one.</param>
    /// <returns>By name, the class mix last.</returns>
    public static IReadOnlyList<CovariateDrift> Compare(ReferenceProfile reference, IReadOnlyDictionary<string, HistogramCounts> counts, IReadOnlyDictionary<string, long> classes)
    {
        var names = reference.Histograms.Keys.Where(name => reference.Histograms[name].Counts.Sum() > 0 && counts.TryGetValue(name, out var seen) && seen.Counts.Sum() > 0).Order(StringComparer.Ordinal).ToArray();
        var limit = FalseAlarm / (names.Length + 1);
        var found = new List<CovariateDrift>();
        foreach (var name in names)
        {
            var (histogram, seen) = (reference.Histograms[name], counts[name]);
            var (expected, present) = SparseBins.Pool(histogram.Counts, seen.Counts, Math.Max(LeastShare, LeastFrames / (double)histogram.Counts.Sum()));
            found.Add(Measure(name, expected, present, seen.Sum / seen.Counts.Sum(), histogram.Mean, limit));
        }
        var kinds = reference.Classes.Keys.Union(classes.Keys).Order(StringComparer.Ordinal).ToArray();
        if (kinds.Length > 1 && reference.Classes.Values.Sum() > 0 && classes.Values.Sum() > 0)
            found.Add(Measure(DriftCauseRule.ClassMix, [.. kinds.Select(c => reference.Classes.GetValueOrDefault(c))], [.. kinds.Select(c => classes.GetValueOrDefault(c))], 0, 0, limit));
        return found;
    }

    /// <remarks>
    /// Without drift PSI is on average (B - 1)(1/n + 1/m) (Yurdakul and Naranjo 2018); that much is chance and is taken off, so that one limit
    /// holds for few frames and for many. The p-value is Pearson's, of the 2 x B table.
    /// </remarks>
    private static CovariateDrift Measure(string name, long[] reference, long[] present, double mean, double referenceMean, double limit)
    {
        var chi = Distances.ChiSquare(reference, present);
        var beyond = Math.Max(0, Distances.Psi(reference, present) - chi.Degrees * (1.0 / reference.Sum() + 1.0 / present.Sum()));
        return new CovariateDrift(name, beyond, chi.PValue, Distances.JensenShannon(reference, present), mean, referenceMean, beyond >= MovedPsi && chi.PValue <= limit);
    }
}
