namespace CvOps.Statistics;

/// <summary>Neighbouring bins put together until each has enough in it for an index or a chi-square of few frames.</summary>
public static class SparseBins
{
    /// <summary>
    /// From the first bin on, bins are joined until they hold the least share of the reference; what is left at the end joins the last. Tails of 0.1
    /// and 1 % say nothing in two hundred frames but noise, and deciles stay as they are. A bin that the reference left empty stays one: what falls
    /// there was never seen.
    /// </summary>
    /// <param name="reference">Counts, not negative.</param>
    /// <param name="current">As many.</param>
    /// <param name="leastShare">0..1.</param>
    /// <returns>At least one bin each; everything as given when the reference counted nothing.</returns>
    public static (long[] Reference, long[] Current) Pool(IReadOnlyList<long> reference, IReadOnlyList<long> current, double leastShare = 0.08)
    {
        if (reference.Count != current.Count) throw new ArgumentException($"{reference.Count} bins cannot be pooled with {current.Count}.", nameof(current));
        var least = leastShare * reference.Sum();
        List<long> left = [], right = [];
        for (var i = 0; i < reference.Count; i++)
        {
            // The last one that is not full takes the next, and the last of all takes what is left.
            var opens = left.Count == 0 || left[^1] == 0 || left[^1] >= least && reference.Skip(i).Sum() >= least;
            if (opens || reference[i] == 0)
            {
                left.Add(0);
                right.Add(0);
            }
            left[^1] += reference[i];
            right[^1] += current[i];
        }
        return ([.. left], [.. right]);
    }
}
