namespace CvOps.Statistics;

/// <param name="Estimate">The share or difference observed.</param>
public sealed record Interval(double Estimate, double Low, double High);

/// <summary>Two-sided intervals for shares at a fixed number of trials. For repeated looks use <see cref="BernoulliEProcess"/> or <see cref="PairedEvidence"/>.</summary>
public static class Intervals
{
    /// <summary>Wilson score interval (Wilson 1927), without continuity correction. No trials: 0 to 1.</summary>
    public static Interval Wilson(long successes, long trials, double confidence = 0.95)
    {
        Check(successes, trials);
        if (trials == 0) return new Interval(double.NaN, 0, 1);
        var z = Special.NormalQuantile(1 - ((1 - confidence) / 2));
        var (n, p) = ((double)trials, (double)successes / trials);
        var centre = (p + (z * z / (2 * n))) / (1 + (z * z / n));
        var half = z / (1 + (z * z / n)) * Math.Sqrt((p * (1 - p) / n) + (z * z / (4 * n * n)));
        return new Interval(p, Math.Max(0, centre - half), Math.Min(1, centre + half));
    }

    /// <summary>First share minus second of two independent samples: Newcombe's hybrid score interval (Newcombe 1998, Stat. Med. 17:873, method 10).</summary>
    public static Interval Newcombe(long firstSuccesses, long firstTrials, long secondSuccesses, long secondTrials, double confidence = 0.95)
    {
        var (a, b) = (Wilson(firstSuccesses, firstTrials, confidence), Wilson(secondSuccesses, secondTrials, confidence));
        if (firstTrials == 0 || secondTrials == 0) return new Interval(double.NaN, -1, 1);
        var difference = a.Estimate - b.Estimate;
        return new Interval(difference,
            difference - Math.Sqrt(Square(a.Estimate - a.Low) + Square(b.High - b.Estimate)),
            difference + Math.Sqrt(Square(a.High - a.Estimate) + Square(b.Estimate - b.Low)));
    }

    /// <summary>First share minus second where both judged the same parts: Newcombe's score interval for paired data (Newcombe 1998, Stat. Med. 17:2635, method 10).</summary>
    /// <param name="both">Parts both got right.</param>
    /// <param name="onlyFirst">Parts only the first got right.</param>
    public static Interval PairedDifference(long both, long onlyFirst, long onlySecond, long neither, double confidence = 0.95)
    {
        if (both < 0 || onlyFirst < 0 || onlySecond < 0 || neither < 0) throw new ArgumentOutOfRangeException(nameof(both), "A count is below 0.");
        var total = both + onlyFirst + onlySecond + neither;
        if (total == 0) return new Interval(double.NaN, -1, 1);
        var (first, second) = (Wilson(both + onlyFirst, total, confidence), Wilson(both + onlySecond, total, confidence));
        var correlation = Correlation(both, onlyFirst, onlySecond, neither, total);
        var difference = (double)(onlyFirst - onlySecond) / total;
        var (downFirst, upFirst) = (first.Estimate - first.Low, first.High - first.Estimate);
        var (downSecond, upSecond) = (second.Estimate - second.Low, second.High - second.Estimate);
        return new Interval(difference,
            difference - Math.Sqrt(Square(downFirst) - (2 * correlation * downFirst * upSecond) + Square(upSecond)),
            difference + Math.Sqrt(Square(upFirst) - (2 * correlation * upFirst * downSecond) + Square(downSecond)));
    }

    /// <summary>Mean of differences of pairs, by the normal distribution; for 30 and more. Fewer than two: the whole line.</summary>
    public static Interval PairedMean(IReadOnlyCollection<double> differences, double confidence = 0.95)
    {
        if (differences.Count < 2) return new Interval(differences.Count == 1 ? differences.First() : double.NaN, double.NegativeInfinity, double.PositiveInfinity);
        var mean = differences.Average();
        var half = Special.NormalQuantile(1 - ((1 - confidence) / 2)) * Math.Sqrt(differences.Sum(value => Square(value - mean)) / (differences.Count - 1) / differences.Count);
        return new Interval(mean, mean - half, mean + half);
    }

    /// <summary>McNemar's exact test, two-sided: were two judges of the same parts equally good, each part that only one got right would be the toss of a coin.</summary>
    /// <returns>Probability of a split at least as uneven, 0..1; 1 without such parts.</returns>
    public static double McNemarExact(long onlyFirst, long onlySecond)
    {
        if (onlyFirst < 0 || onlySecond < 0) throw new ArgumentOutOfRangeException(nameof(onlyFirst), "A count is below 0.");
        var (total, sum) = (onlyFirst + onlySecond, 0.0);
        for (var k = 0L; k <= Math.Min(onlyFirst, onlySecond); k++) sum += Math.Exp(Special.LogChoose(total, k) - (total * Math.Log(2)));
        return Math.Min(1, 2 * sum);
    }

    /// <summary>Fisher's exact test of two independent shares, two-sided: the probability of all tables no likelier than the one seen.</summary>
    public static double FisherExact(long firstSuccesses, long firstTrials, long secondSuccesses, long secondTrials)
    {
        Check(firstSuccesses, firstTrials);
        Check(secondSuccesses, secondTrials);
        var successes = firstSuccesses + secondSuccesses;
        double Log(long k) => Special.LogChoose(firstTrials, k) + Special.LogChoose(secondTrials, successes - k) - Special.LogChoose(firstTrials + secondTrials, successes);

        // Tables as likely as the one seen must count despite rounding; the factor is R's.
        var limit = Log(firstSuccesses) + Math.Log(1 + 1e-7);
        var sum = 0.0;
        for (var k = Math.Max(0, successes - secondTrials); k <= Math.Min(firstTrials, successes); k++)
            if (Log(k) <= limit) sum += Math.Exp(Log(k));
        return Math.Min(1, sum);
    }

    /// <summary>First share minus second in standard errors of the pooled share, and the normal two-sided p-value; both NaN without trials, 0 and 1 where the pooled share is 0 or 1.</summary>
    public static (double Z, double PValue) PooledZ(long firstSuccesses, long firstTrials, long secondSuccesses, long secondTrials)
    {
        Check(firstSuccesses, firstTrials);
        Check(secondSuccesses, secondTrials);
        if (firstTrials == 0 || secondTrials == 0) return (double.NaN, double.NaN);
        var pooled = (double)(firstSuccesses + secondSuccesses) / (firstTrials + secondTrials);
        var error = Math.Sqrt(pooled * (1 - pooled) * ((1.0 / firstTrials) + (1.0 / secondTrials)));
        if (error == 0) return (0, 1);
        var z = (((double)firstSuccesses / firstTrials) - ((double)secondSuccesses / secondTrials)) / error;
        return (z, Math.Min(1, 2 * Special.NormalUpper(Math.Abs(z))));
    }

    /// <summary>Phi of the 2 x 2 table with Newcombe's correction of the numerator by n / 2 where it is positive; 0 when a margin is empty.</summary>
    private static double Correlation(long both, long onlyFirst, long onlySecond, long neither, long total)
    {
        var margins = (double)(both + onlyFirst) * (onlySecond + neither) * (both + onlySecond) * (onlyFirst + neither);
        if (margins == 0) return 0;
        var numerator = ((double)both * neither) - ((double)onlyFirst * onlySecond);
        if (numerator > 0) numerator = Math.Max(numerator - (total / 2.0), 0);
        return numerator / Math.Sqrt(margins);
    }

    private static void Check(long successes, long trials)
    {
        if (successes < 0 || successes > trials) throw new ArgumentOutOfRangeException(nameof(successes), $"{successes} of {trials} is no share.");
    }

    private static double Square(double x) => x * x;
}
