namespace CvOps.Statistics;

/// <summary>Which p-value a Kolmogorov-Smirnov distance of samples of n and m gets; e = nm / (n + m) throughout.</summary>
public enum KolmogorovSmirnovNull
{
    /// <summary>Kolmogorov's limit Q(sqrt(e) D): the convention of everything that CvOps reports. Good from about 30 a side, a little too large below.</summary>
    Limit,

    /// <summary>Q((sqrt(e) + 0.12 + 0.11 / sqrt(e)) D) (Stephens 1970): good from about 5 a side.</summary>
    Stephens,

    /// <summary>The exact distribution of one sample of round(e) against a known one (Marsaglia, Tsang and Wang 2003; Birnbaum and Tingey 1951).</summary>
    OneSample,

    /// <summary>All ways to mix the two samples counted; continuous values only, nm at most 10,000.</summary>
    Exact,
}

/// <summary>P-values of the two-sided two-sample Kolmogorov-Smirnov test.</summary>
public static class KolmogorovSmirnovTest
{
    private const long MostPaths = 10_000;

    /// <param name="distance">D, 0..1.</param>
    /// <param name="n">Values of the first sample, at least 1.</param>
    /// <param name="m">Values of the second, at least 1.</param>
    /// <param name="convention">Which null distribution.</param>
    /// <exception cref="ArgumentOutOfRangeException">A sample is empty, or the samples are too large to count exactly.</exception>
    public static double PValue(double distance, int n, int m, KolmogorovSmirnovNull convention = KolmogorovSmirnovNull.Limit)
    {
        if (n < 1 || m < 1) throw new ArgumentOutOfRangeException(nameof(n), $"Samples of {n} and {m} values have no distance.");
        var effective = (double)n * m / (n + m);
        var root = Math.Sqrt(effective);
        return convention switch
        {
            KolmogorovSmirnovNull.Limit => Limit(root * distance),
            KolmogorovSmirnovNull.Stephens => Limit((root + 0.12 + (0.11 / root)) * distance),
            KolmogorovSmirnovNull.OneSample => OneSample(distance, Math.Max(1, (int)Math.Round(effective))),
            KolmogorovSmirnovNull.Exact when (long)n * m <= MostPaths => Exact(distance, n, m),
            KolmogorovSmirnovNull.Exact => throw new ArgumentOutOfRangeException(nameof(n), $"Samples of {n} and {m} values are too large to count exactly; their product may be at most {MostPaths}."),
            _ => throw new ArgumentOutOfRangeException(nameof(convention), convention, "Unknown convention."),
        };
    }

    /// <summary>P(K > x) of Kolmogorov's distribution, 2 sum (-1)^(k-1) exp(-2 k^2 x^2).</summary>
    internal static double Limit(double x)
    {
        // Below 0.2 the upper tail is 1 to 1e-12 and the series is slow.
        if (x < 0.2) return 1;
        var sum = 0.0;
        for (var k = 1; k <= 100; k++)
        {
            var term = Math.Exp(-2.0 * k * k * x * x);
            sum += k % 2 == 1 ? term : -term;
            if (term < 1e-18) break;
        }

        return Math.Clamp(2 * sum, 0, 1);
    }

    private static double OneSample(double d, int n)
    {
        if (d <= 0) return 1;
        if (d >= 1) return 0;
        // Twice the one-sided tail is exact from 1/2 up, and to 1e-10 of itself from n d^2 = 4 up; the matrix loses its digits there.
        return d >= 0.5 || n * d * d >= 4 ? Math.Min(1, 2 * OneSided(d, n)) : 1 - Matrix(d, n);
    }

    /// <summary>P(D+ >= d) = d sum C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j), j up to n (1 - d): all terms positive (Birnbaum and Tingey 1951).</summary>
    private static double OneSided(double d, int n)
    {
        var sum = 0.0;
        for (var j = 0; j <= n * (1 - d); j++)
        {
            var rest = 1 - d - ((double)j / n);
            if (rest <= 0 && j < n) continue;
            sum += Math.Exp(Special.LogChoose(n, j) + ((j - 1) * Math.Log(d + ((double)j / n))) + Special.CountLog(n - j, rest));
        }

        return d * sum;
    }

    /// <summary>P(D &lt; d): the middle element of a matrix to the power of n times n! / n^n (Marsaglia, Tsang and Wang 2003).</summary>
    private static double Matrix(double d, int n)
    {
        var k = (int)(n * d) + 1;
        var (size, h) = ((2 * k) - 1, k - (n * d));
        var matrix = new double[size, size];
        for (var i = 0; i < size; i++)
            for (var j = 0; j < size; j++) matrix[i, j] = i - j + 1 < 0 ? 0 : 1;
        for (var i = 0; i < size; i++)
        {
            matrix[i, 0] -= Math.Pow(h, i + 1);
            matrix[size - 1, i] -= Math.Pow(h, size - i);
        }

        matrix[size - 1, 0] += (2 * h) - 1 > 0 ? Math.Pow((2 * h) - 1, size) : 0;
        for (var i = 0; i < size; i++)
            for (var j = 0; j < size; j++)
                for (var g = 1; g <= i - j + 1; g++) matrix[i, j] /= g;

        // One row of the power is enough; n! / n^n goes in step by step, so that nothing overflows.
        var row = new double[size];
        row[k - 1] = 1;
        for (var step = 1; step <= n; step++)
        {
            var next = new double[size];
            for (var i = 0; i < size; i++)
                for (var j = 0; j < size; j++) next[j] += row[i] * matrix[i, j] * step / n;
            row = next;
        }

        return Math.Clamp(row[k - 1], 0, 1);
    }

    /// <summary>P(D >= d): the share of lattice paths from (0, 0) to (n, m) that touch |i/n - j/m| >= d (Hodges 1958), as a probability step by step.</summary>
    private static double Exact(double d, int n, int m)
    {
        // Both sides of the comparison come from divisions; the last bit must not decide.
        var limit = d - 1e-12;
        var inside = new double[m + 1];
        for (var i = 0; i <= n; i++)
        {
            for (var j = 0; j <= m; j++)
            {
                double left = n - i + 1, down = m - j + 1, both = n - i + m - j + 1;
                var reached = i == 0 && j == 0 ? 1 : (i > 0 ? inside[j] * left / both : 0) + (j > 0 ? inside[j - 1] * down / both : 0);
                inside[j] = Math.Abs(((double)i / n) - ((double)j / m)) >= limit ? 0 : reached;
            }
        }

        return Math.Clamp(1 - inside[m], 0, 1);
    }
}
