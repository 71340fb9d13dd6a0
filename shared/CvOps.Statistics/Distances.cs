namespace CvOps.Statistics;

/// <summary>
/// How far two distributions are apart. On counts: two rows of the same length, not negative. Every result is 0 for equal shares and NaN
/// when either side counted nothing: no data is no distance, and no answer either.
/// </summary>
public static class Distances
{
    /// <summary>Least share of a bin in <see cref="Psi"/>; the index depends on it wherever a bin is empty.</summary>
    public const double PsiEpsilon = 1e-4;

    /// <summary>Population stability index, sum of (q - p) ln(q / p), natural logarithm, shares floored at <paramref name="epsilon"/> and not renormalised (Siddiqi 2006).</summary>
    public static double Psi(IReadOnlyList<long> reference, IReadOnlyList<long> current, double epsilon = PsiEpsilon)
    {
        var (p, q) = Shares(reference, current);
        var sum = 0.0;
        for (var i = 0; i < p.Length; i++)
        {
            var (a, b) = (Floored(p[i], epsilon), Floored(q[i], epsilon));
            sum += (b - a) * Math.Log(b / a);
        }

        return sum;
    }

    /// <summary>Jensen-Shannon distance: square root of the divergence in base 2, 0..1 (Lin 1991; Endres and Schindelin 2003).</summary>
    public static double JensenShannon(IReadOnlyList<long> reference, IReadOnlyList<long> current)
    {
        var (p, q) = Shares(reference, current);
        var sum = 0.0;
        for (var i = 0; i < p.Length; i++)
        {
            var middle = (p[i] + q[i]) / 2;
            sum += Part(p[i], middle) + Part(q[i], middle);
        }

        // Equal shares can come out as -1e-17.
        return double.IsNaN(sum) ? sum : Math.Sqrt(Math.Max(0, sum / 2));
    }

    /// <summary>Half the sum of absolute differences of shares, 0..1.</summary>
    public static double TotalVariation(IReadOnlyList<long> reference, IReadOnlyList<long> current)
    {
        var (p, q) = Shares(reference, current);
        return p.Zip(q, (a, b) => Math.Abs(a - b)).Sum() / 2;
    }

    /// <summary>Largest difference of the cumulated shares, 0..1.</summary>
    public static double KolmogorovSmirnov(IReadOnlyList<long> reference, IReadOnlyList<long> current) =>
        Cumulated(reference, current).Select(Math.Abs).Aggregate(0.0, Math.Max);

    /// <summary>Earth mover's distance in bins, one step from a bin to the next.</summary>
    public static double Wasserstein1(IReadOnlyList<long> reference, IReadOnlyList<long> current) => Cumulated(reference, current).Sum(Math.Abs);

    /// <summary>Pearson's test of a 2 x K table for equal shares; columns empty on both sides are left out, no continuity correction.</summary>
    public static ChiSquareResult ChiSquare(IReadOnlyList<long> reference, IReadOnlyList<long> current)
    {
        _ = Shares(reference, current);
        var (n, m) = ((double)reference.Sum(), (double)current.Sum());
        if (n == 0 || m == 0) return new ChiSquareResult(double.NaN, 0, double.NaN);
        var (statistic, columns) = (0.0, 0);
        for (var i = 0; i < reference.Count; i++)
        {
            double column = reference[i] + current[i];
            if (column == 0) continue;
            columns++;
            var (expectedN, expectedM) = (column * n / (n + m), column * m / (n + m));
            statistic += Square(reference[i] - expectedN) / expectedN;
            statistic += Square(current[i] - expectedM) / expectedM;
        }

        return new ChiSquareResult(statistic, columns - 1, Special.ChiSquareUpper(statistic, columns - 1));
    }

    private static double[] Cumulated(IReadOnlyList<long> reference, IReadOnlyList<long> current)
    {
        var (p, q) = Shares(reference, current);
        var ahead = 0.0;
        return [.. p.Zip(q, (a, b) => ahead += a - b)];
    }

    private static (double[] P, double[] Q) Shares(IReadOnlyList<long> reference, IReadOnlyList<long> current)
    {
        if (reference.Count != current.Count) throw new ArgumentException($"{reference.Count} bins cannot be compared with {current.Count}.", nameof(current));
        return (Shares(reference), Shares(current));
    }

    private static double[] Shares(IReadOnlyList<long> counts)
    {
        if (counts.Any(c => c < 0)) throw new ArgumentException("A count is below 0.", nameof(counts));
        double total = counts.Sum();
        return [.. counts.Select(c => c / total)];
    }

    // Not Math.Max's business to turn NaN, nothing counted, into a floor.
    private static double Floored(double share, double epsilon) => share < epsilon ? epsilon : share;

    private static double Part(double share, double middle) => share == 0 ? 0 : share * Math.Log2(share / middle);

    private static double Square(double x) => x * x;
}

/// <param name="PValue">Probability of a statistic at least this large when the shares are equal.</param>
public sealed record ChiSquareResult(double Statistic, int Degrees, double PValue);
