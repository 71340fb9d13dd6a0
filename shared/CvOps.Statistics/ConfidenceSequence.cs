namespace CvOps.Statistics;

/// <summary>
/// Intervals that hold at every look at once: the truth leaves them ever with probability at most the risk (Howard, Ramdas, McAuliffe and Sekhon
/// 2021, uniform boundaries by mixtures). Wider than one of a fixed size, narrowest about the size they are tuned for.
/// </summary>
public static class ConfidenceSequence
{
    private const int Halvings = 40;

    /// <summary>A rate: all p against which the two-sided beta-binomial mixture (proposition 7) does not speak. No trials: 0 to 1.</summary>
    /// <param name="tunedFor">Trials at which it is narrowest.</param>
    public static Interval Rate(long events, long trials, double risk, double tunedFor = 1000)
    {
        if (events < 0 || events > trials) throw new ArgumentOutOfRangeException(nameof(events), $"{events} of {trials} is no count of events.");
        if (trials == 0) return new Interval(double.NaN, 0, 1);
        var (share, limit) = ((double)events / trials, Math.Log(1 / risk));
        bool Refuted(double p) => BetaBinomialLog((share - p) * trials, p * (1 - p) * trials, p, 1 - p, p * (1 - p) * tunedFor) >= limit;
        return new Interval(share, events == 0 ? 0 : Edge(0, share, Refuted), events == trials ? 1 : Edge(1, share, Refuted));
    }

    /// <summary>The mean of values that lie within -1..1 and have that mean given their past: the two-sided normal mixture (proposition 5), their spread bounded by Hoeffding.</summary>
    public static Interval Mean(double sum, long count, double risk, double tunedFor = 1000)
    {
        if (count == 0) return new Interval(double.NaN, -1, 1);
        var half = NormalBound(count, risk, NormalRho(tunedFor)) / count;
        return new Interval(sum / count, Math.Max(-1, (sum / count) - half), Math.Min(1, (sum / count) + half));
    }

    /// <summary>The variance that a normal mixture is given to be narrowest at <paramref name="variance"/>, at 5 %.</summary>
    internal static double NormalRho(double variance)
    {
        const double Risk = 0.05;
        return variance / ((2 * Math.Log(1 / Risk)) + Math.Log(1 + (2 * Math.Log(1 / Risk))));
    }

    /// <summary>What a sum of mean 0 and intrinsic time <paramref name="v"/> ever exceeds in size with at most that probability.</summary>
    internal static double NormalBound(double v, double risk, double rho) => Math.Sqrt((v + rho) * (Math.Log((v + rho) / rho) + (2 * Math.Log(1 / risk))));

    /// <summary>ln of the two-sided beta-binomial mixture for a sum of steps within -g..h, of intrinsic time v.</summary>
    internal static double BetaBinomialLog(double sum, double v, double g, double h, double tunedVariance)
    {
        var r = Math.Max(NormalRho(tunedVariance) - (g * h), 1e-3 * g * h);
        double Beta(double low, double high) => Special.LogGamma(low) + Special.LogGamma(high) - Special.LogGamma(low + high);
        return (v / (g * h) * Math.Log(g + h)) - ((v + (h * sum)) / (h * (g + h)) * Math.Log(g)) - ((v - (g * sum)) / (g * (g + h)) * Math.Log(h))
            + Beta((r + v - (g * sum)) / (g * (g + h)), (r + v + (h * sum)) / (h * (g + h))) - Beta(r / (g * (g + h)), r / (h * (g + h)));
    }

    /// <summary>Where between an end that is refuted and the share, which never is, it begins to be believed.</summary>
    private static double Edge(double end, double share, Func<double, bool> refuted)
    {
        var (outside, inside) = (end, share);
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (outside + inside) / 2;
            if (refuted(middle)) outside = middle;
            else inside = middle;
        }

        return inside;
    }
}
