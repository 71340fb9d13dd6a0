namespace CvOps.Statistics;

/// <summary>
/// Squared maximum mean discrepancy of two samples of vectors (Gretton, Borgwardt, Rasch, Schoelkopf and Smola 2012) under the kernel
/// exp(-d^2 / (2 sigma^2)).
/// </summary>
/// <param name="Biased">With each vector paired with itself too: at least 0.</param>
/// <param name="Unbiased">Without: 0 on average where the samples are alike, so often below 0. NaN when a side has one vector.</param>
/// <param name="Sigma">Width used.</param>
public sealed record MeanDiscrepancy(double Biased, double Unbiased, double Sigma)
{
    /// <param name="reference">Vectors of one length, at least one, all finite.</param>
    /// <param name="current">The same.</param>
    /// <param name="sigma">Width of the kernel; null for the median distance of all pairs of the pooled sample (1 where that is 0).</param>
    /// <exception cref="ArgumentException">A sample is empty, or the vectors differ in length or are not finite.</exception>
    public static MeanDiscrepancy Between(IReadOnlyList<double[]> reference, IReadOnlyList<double[]> current, double? sigma = null)
    {
        var (kernel, width) = Kernel(reference, current, sigma);
        int[] order = [.. Enumerable.Range(0, reference.Count + current.Count)];
        return Measure(kernel, order, reference.Count, width);
    }

    /// <summary>
    /// The discrepancy and its p-value by permutation: of <paramref name="permutations"/> random ways to part the pooled vectors, the share with at least
    /// this biased discrepancy, the observed one counted among them: (1 + as large) / (1 + permutations), which is never 0 and keeps its level exactly
    /// (Phipson and Smyth 2010). The kernel's width depends on the pooled sample alone and stays.
    /// </summary>
    /// <param name="reference">As in <see cref="Between"/>.</param>
    /// <param name="current">As in <see cref="Between"/>.</param>
    /// <param name="permutations">At least 1.</param>
    /// <param name="chance">Draws the permutations, Fisher-Yates from the last place down: the same seed gives the same p-value.</param>
    /// <param name="sigma">As in <see cref="Between"/>.</param>
    public static (MeanDiscrepancy Discrepancy, double PValue) Test(IReadOnlyList<double[]> reference, IReadOnlyList<double[]> current, int permutations, Random chance, double? sigma = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(permutations, 1);
        var (kernel, width) = Kernel(reference, current, sigma);
        int[] order = [.. Enumerable.Range(0, reference.Count + current.Count)];
        var observed = Measure(kernel, order, reference.Count, width);
        // Parts that are equal but for the order of summing must count as equal.
        var limit = observed.Biased - (1e-12 * Math.Max(1e-3, observed.Biased));
        var asLarge = 0;
        for (var i = 0; i < permutations; i++)
        {
            for (var last = order.Length - 1; last > 0; last--)
            {
                var other = chance.Next(last + 1);
                (order[last], order[other]) = (order[other], order[last]);
            }

            if (Measure(kernel, order, reference.Count, width).Biased >= limit) asLarge++;
        }

        return (observed, (1.0 + asLarge) / (1 + permutations));
    }

    private static MeanDiscrepancy Measure(double[][] kernel, int[] order, int n, double sigma)
    {
        var m = order.Length - n;
        double within = 0, other = 0, across = 0;
        for (var i = 0; i < order.Length; i++)
        {
            var row = kernel[order[i]];
            for (var j = i + 1; j < order.Length; j++)
            {
                var value = row[order[j]];
                if (j < n) within += value;
                else if (i >= n) other += value;
                else across += value;
            }
        }

        // The diagonal is 1 everywhere.
        var biased = (((2 * within) + n) / n / n) + (((2 * other) + m) / m / m) - (2 * across / n / m);
        var unbiased = n < 2 || m < 2 ? double.NaN : (2 * within / n / (n - 1)) + (2 * other / m / (m - 1)) - (2 * across / n / m);
        return new MeanDiscrepancy(Math.Max(0, biased), unbiased, sigma);
    }

    private static (double[][] Kernel, double Sigma) Kernel(IReadOnlyList<double[]> reference, IReadOnlyList<double[]> current, double? sigma)
    {
        double[][] all = [.. reference, .. current];
        if (reference.Count == 0 || current.Count == 0 || all.Any(v => v.Length != all[0].Length || !v.All(double.IsFinite)))
            throw new ArgumentException("Samples of vectors need at least one each, all of one length and finite.", nameof(reference));
        if (sigma is not null and not > 0) throw new ArgumentOutOfRangeException(nameof(sigma), sigma, "The kernel's width must be above 0.");
        var squares = all.Select(_ => new double[all.Length]).ToArray();
        var distances = new double[all.Length * (all.Length - 1) / 2];
        var filled = 0;
        for (var i = 0; i < all.Length; i++)
        {
            for (var j = i + 1; j < all.Length; j++)
            {
                var sum = 0.0;
                for (var d = 0; d < all[i].Length; d++) sum += (all[i][d] - all[j][d]) * (all[i][d] - all[j][d]);
                squares[i][j] = squares[j][i] = sum;
                distances[filled++] = Math.Sqrt(sum);
            }
        }

        Array.Sort(distances);
        var median = (distances[(distances.Length - 1) / 2] + distances[distances.Length / 2]) / 2;
        var width = sigma ?? (median > 0 ? median : 1);
        foreach (var row in squares)
            for (var j = 0; j < row.Length; j++) row[j] = Math.Exp(-row[j] / (2 * width * width));
        return (squares, width);
    }
}
