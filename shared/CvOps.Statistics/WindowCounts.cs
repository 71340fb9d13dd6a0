using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Statistics;

/// <summary>A drift window's sums and counts, whichever way its agent put them on the wire.</summary>
public static class WindowCounts
{
    /// <summary>Unit of the sums in <see cref="DriftWindow.Sketches"/>: they add exactly, so the order of merging changes no bit.</summary>
    public const double SumUnit = 1024;

    /// <summary>The window's histograms over the profile's edges. Counts over other edges are left out: they can't be compared with it.</summary>
    public static IEnumerable<(string Covariate, HistogramCounts Counts)> Over(DriftWindow window, ReferenceProfile profile)
    {
        foreach (var (name, counts) in window.Histograms)
        {
            if (profile.Histograms.TryGetValue(name, out var reference) && counts.Counts.Count == reference.Counts.Count && counts.EdgesId == ReferenceHistogram.EdgesIdOf(reference.Edges))
                yield return (name, counts);
        }
        foreach (var (name, sketch) in window.Sketches ?? new Dictionary<string, IReadOnlyList<long>>())
        {
            // One number more than bins at most: the sum leads.
            if (sketch.Count > 0 && profile.Histograms.TryGetValue(name, out var reference) && sketch.Count <= reference.Counts.Count + 1 && !window.Histograms.ContainsKey(name))
                yield return (name, new HistogramCounts(ReferenceHistogram.EdgesIdOf(reference.Edges), [.. Enumerable.Range(1, reference.Counts.Count).Select(bin => bin < sketch.Count ? sketch[bin] : 0)], sketch[0] / SumUnit));
        }
    }

    /// <returns>Sum and counts as they go on the wire, zeros at the end left out.</returns>
    public static long[] Sketch(double sum, ReadOnlySpan<long> counts)
    {
        var used = counts.Length;
        while (used > 0 && counts[used - 1] == 0) used--;
        return [(long)Math.Round(sum * SumUnit), .. counts[..used]];
    }

    /// <summary>What two windows say of their streams, together; null only when neither says anything.</summary>
    public static StreamCounts? Add(StreamCounts? a, StreamCounts? b) => a is null ? b : b is null ? a : new StreamCounts
    {
        Unusable = Add(a.Unusable, b.Unusable), Failed = Add(a.Failed, b.Failed), Damaged = Add(a.Damaged, b.Damaged), Repeated = Add(a.Repeated, b.Repeated),
        Ages = Add(a.Ages ?? [], b.Ages ?? []),
    };

    /// <summary>Sketches, or counts, of the same bins; what one leaves out at its end is 0.</summary>
    public static IReadOnlyList<long> Add(IReadOnlyList<long> a, IReadOnlyList<long> b) =>
        [.. Enumerable.Range(0, Math.Max(a.Count, b.Count)).Select(i => (i < a.Count ? a[i] : 0) + (i < b.Count ? b[i] : 0))];

    private static long? Add(long? a, long? b) => a is null && b is null ? null : (a ?? 0) + (b ?? 0);
}
