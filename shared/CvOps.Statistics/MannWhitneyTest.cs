namespace CvOps.Statistics;

/// <summary>Whether values of one sample tend to be larger than those of another (Mann and Whitney 1947), two-sided.</summary>
/// <param name="U">Pairs in which the reference's value is larger; a tie counts half.</param>
/// <param name="PValue">Normal approximation with corrections for ties and continuity: good from about 8 a side. 1 when all values are equal.</param>
public sealed record MannWhitneyTest(double U, double PValue)
{
    /// <exception cref="ArgumentException">A sample is empty or holds a value that is not finite.</exception>
    public static MannWhitneyTest Run(IReadOnlyList<double> reference, IReadOnlyList<double> current)
    {
        var (first, second) = (SampleDistances.Sorted(reference), SampleDistances.Sorted(current));
        double[] all = [.. first, .. second];
        Array.Sort(all);
        var (rankSum, ties, taken) = (0.0, 0.0, 0);
        for (var at = 0; at < all.Length;)
        {
            var end = at;
            while (end < all.Length && all[end] == all[at]) end++;
            double equal = end - at;
            for (; taken < first.Length && first[taken] == all[at]; taken++) rankSum += at + ((equal + 1) / 2);
            ties += (equal * equal * equal) - equal;
            at = end;
        }

        double n = first.Length, m = second.Length, both = n + m;
        var u = rankSum - (n * (n + 1) / 2);
        var deviation = Math.Sqrt(n * m / 12 * (both + 1 - (ties / (both * (both - 1)))));
        if (!(deviation > 0)) return new MannWhitneyTest(u, 1);
        var z = (Math.Max(u, (n * m) - u) - (n * m / 2) - 0.5) / deviation;
        return new MannWhitneyTest(u, Math.Min(1, 2 * Special.NormalUpper(z)));
    }

    /// <summary>The exact two-sided p-value of a U without ties, by counting (Mann and Whitney 1947): the number of ways to reach u splits by whose the largest value is.</summary>
    /// <param name="u">A whole number, 0..nm.</param>
    /// <param name="n">Values of one sample, with m at most 10,000 pairs.</param>
    /// <param name="m">Values of the other.</param>
    public static double Exact(double u, int n, int m)
    {
        if (n < 1 || m < 1 || (long)n * m > 10_000) throw new ArgumentOutOfRangeException(nameof(n), $"Samples of {n} and {m} values can't be counted; each needs one, and their product may be at most 10000.");
        // ways[j][s]: share of orders of i first and j second values with U = s.
        var ways = Enumerable.Range(0, m + 1).Select(_ => new double[(n * m) + 1]).ToArray();
        foreach (var row in ways) row[0] = 1;
        for (var i = 1; i <= n; i++)
        {
            for (var j = 1; j <= m; j++)
            {
                var next = new double[(n * m) + 1];
                for (var s = 0; s <= i * j; s++)
                    next[s] = ((s >= j ? ways[j][s - j] * i : 0) + (ways[j - 1][s] * j)) / (i + j);
                ways[j] = next;
            }
        }

        var most = Math.Max(u, ((double)n * m) - u);
        return Math.Min(1, 2 * ways[m].Skip((int)Math.Ceiling(most)).Sum());
    }
}
