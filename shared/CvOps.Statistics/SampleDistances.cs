namespace CvOps.Statistics;

/// <summary>Distances between two samples of numbers, where the values themselves are at hand. Samples need not be sorted; each needs a value.</summary>
public static class SampleDistances
{
    private static readonly double[] TailShares = [0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999];

    /// <summary>Two-sample Kolmogorov-Smirnov distance with its two-sided p-value.</summary>
    /// <param name="reference">At least one value.</param>
    /// <param name="current">At least one value.</param>
    /// <param name="convention">What the p-value is of; Kolmogorov's limit unless said.</param>
    public static (double Statistic, double PValue) KolmogorovSmirnov(
        IReadOnlyList<double> reference, IReadOnlyList<double> current, KolmogorovSmirnovNull convention = KolmogorovSmirnovNull.Limit)
    {
        var (first, second) = (Sorted(reference), Sorted(current));
        var most = 0.0;
        Walk(first, second, (f, g, _) => most = Math.Max(most, Math.Abs(f - g)));
        return (most, KolmogorovSmirnovTest.PValue(most, first.Length, second.Length, convention));
    }

    /// <summary>Area between the two distribution functions, in the unit of the values.</summary>
    public static double Wasserstein1(IReadOnlyList<double> reference, IReadOnlyList<double> current)
    {
        var area = 0.0;
        Walk(Sorted(reference), Sorted(current), (f, g, width) => area += Math.Abs(f - g) * width);
        return area;
    }

    /// <summary>Energy distance, sqrt(2 integral (F - G)^2), in the root of the values' unit (Szekely and Rizzo 2013).</summary>
    public static double Energy(IReadOnlyList<double> reference, IReadOnlyList<double> current)
    {
        var area = 0.0;
        Walk(Sorted(reference), Sorted(current), (f, g, width) => area += (f - g) * (f - g) * width);
        return Math.Sqrt(2 * area);
    }

    /// <summary>Inner edges that cut a sample into equal parts: linear quantiles (Hyndman and Fan 1996, type 7) at 1/bins, 2/bins..., equal ones dropped.</summary>
    public static double[] QuantileEdges(IReadOnlyList<double> sample, int bins) => Edges(sample, Enumerable.Range(1, bins - 1).Select(i => (double)i / bins));

    /// <summary>
    /// Edges for a reference profile: linear quantiles of the sample at 0.1, 1, 5, 10, 20 ... 90, 95, 99 and 99.9 %, equal ones dropped. Deciles alone
    /// put half of what a shift of two standard deviations says into one bin; with tails of their own a change detector that sees
    /// counts alone loses next to nothing to one that sees values.
    /// </summary>
    /// <returns>1 to 15 edges, rising.</returns>
    public static double[] TailEdges(IReadOnlyList<double> sample) => Edges(sample, TailShares);

    private static double[] Edges(IReadOnlyList<double> sample, IEnumerable<double> shares)
    {
        var sorted = Sorted(sample);
        var edges = new List<double>();
        foreach (var share in shares)
        {
            var at = share * (sorted.Length - 1);
            var below = (int)at;
            var above = Math.Min(below + 1, sorted.Length - 1);
            var edge = sorted[below] + ((at - below) * (sorted[above] - sorted[below]));
            if (edges.Count == 0 || edge > edges[^1]) edges.Add(edge);
        }

        return [.. edges];
    }

    /// <summary>Visits every distinct value with both distribution functions there and the way to the next value.</summary>
    private static void Walk(double[] first, double[] second, Action<double, double, double> visit)
    {
        var (i, j) = (0, 0);
        while (i < first.Length || j < second.Length)
        {
            var value = Math.Min(i < first.Length ? first[i] : double.PositiveInfinity, j < second.Length ? second[j] : double.PositiveInfinity);
            while (i < first.Length && first[i] <= value) i++;
            while (j < second.Length && second[j] <= value) j++;
            var next = Math.Min(i < first.Length ? first[i] : double.PositiveInfinity, j < second.Length ? second[j] : double.PositiveInfinity);
            visit((double)i / first.Length, (double)j / second.Length, double.IsPositiveInfinity(next) ? 0 : next - value);
        }
    }

    internal static double[] Sorted(IReadOnlyList<double> sample)
    {
        if (sample.Count == 0 || !sample.All(double.IsFinite)) throw new ArgumentException("A sample needs at least one value, and only finite ones.", nameof(sample));
        double[] sorted = [.. sample];
        Array.Sort(sorted);
        return sorted;
    }
}
