namespace CvOps.Statistics;

/// <summary>The special functions that the tests need, to about 14 digits.</summary>
internal static class Special
{
    private const int MaxSteps = 10_000;
    private const double Tiny = 1e-300;

    private static readonly double[] Lanczos =
    [
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
        -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ];

    /// <summary>ln Gamma(x) for x > 0 (Lanczos 1964, g = 7, 9 terms).</summary>
    public static double LogGamma(double x)
    {
        if (x < 0.5) return Math.Log(Math.PI / Math.Abs(Math.Sin(Math.PI * x))) - LogGamma(1 - x);
        x -= 1;
        var sum = Lanczos[0];
        for (var i = 1; i < Lanczos.Length; i++) sum += Lanczos[i] / (x + i);
        var t = x + 7.5;
        return (0.5 * Math.Log(2 * Math.PI)) + ((x + 0.5) * Math.Log(t)) - t + Math.Log(sum);
    }

    /// <summary>Upper regularised incomplete gamma Q(a, x), a > 0, x >= 0: series below a + 1, continued fraction above (Abramowitz and Stegun 6.5.29, 6.5.31).</summary>
    public static double GammaQ(double a, double x)
    {
        if (double.IsNaN(x) || x < 0 || a <= 0) return double.NaN;
        if (x == 0) return 1;
        if (double.IsPositiveInfinity(x)) return 0;
        var front = Math.Exp((a * Math.Log(x)) - x - LogGamma(a));
        return x < a + 1 ? 1 - (front * Series(a, x)) : front * Fraction(a, x);
    }

    /// <summary>P(X > x) for a chi-square with that many degrees of freedom; 1 with none.</summary>
    public static double ChiSquareUpper(double x, double degrees) => degrees <= 0 ? 1 : GammaQ(degrees / 2, x / 2);

    /// <summary>P(Z > z) for a standard normal.</summary>
    public static double NormalUpper(double z) => z >= 0 ? 0.5 * GammaQ(0.5, z * z / 2) : 1 - NormalUpper(-z);

    /// <summary>z with P(Z &lt;= z) = p, 0 &lt; p &lt; 1, by bisection and Newton steps on <see cref="NormalUpper"/>.</summary>
    public static double NormalQuantile(double p)
    {
        if (p is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "A probability between 0 and 1 is needed.");
        if (p < 0.5) return -NormalQuantile(1 - p);
        var (low, high) = (0.0, 40.0);
        for (var i = 0; i < 30; i++)
        {
            var middle = (low + high) / 2;
            if (NormalUpper(middle) > 1 - p) low = middle;
            else high = middle;
        }

        var z = (low + high) / 2;
        for (var i = 0; i < 3; i++) z -= (1 - p - NormalUpper(z)) / (Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI));
        return z;
    }

    /// <summary>ln of the number of ways to choose k of n.</summary>
    public static double LogChoose(long n, long k) => LogGamma(n + 1) - LogGamma(k + 1) - LogGamma(n - k + 1);

    /// <summary>ln of the sum of the exponentials; -infinity of nothing.</summary>
    public static double LogSumExp(ReadOnlySpan<double> logs)
    {
        var top = double.NegativeInfinity;
        foreach (var log in logs) top = Math.Max(top, log);
        if (double.IsInfinity(top)) return top;
        var sum = 0.0;
        foreach (var log in logs) sum += Math.Exp(log - top);
        return top + Math.Log(sum);
    }

    /// <summary>n ln(x), where nothing observed says nothing: 0 for n = 0 even at x = 0.</summary>
    public static double CountLog(long n, double x) => n == 0 ? 0 : n * Math.Log(x);

    private static double Series(double a, double x)
    {
        var term = 1 / a;
        var sum = term;
        for (var n = 1; n < MaxSteps && Math.Abs(term) > Math.Abs(sum) * 1e-17; n++)
        {
            term *= x / (a + n);
            sum += term;
        }

        return sum;
    }

    // Modified Lentz (Thompson and Barnett 1986).
    private static double Fraction(double a, double x)
    {
        var b = x + 1 - a;
        var c = 1 / Tiny;
        var d = 1 / b;
        var h = d;
        for (var i = 1; i < MaxSteps; i++)
        {
            var an = -i * (i - a);
            b += 2;
            d = 1 / NotZero((an * d) + b);
            c = NotZero(b + (an / c));
            var step = c * d;
            h *= step;
            if (Math.Abs(step - 1) < 1e-16) break;
        }

        return h;
    }

    private static double NotZero(double value) => Math.Abs(value) < Tiny ? Tiny : value;
}
