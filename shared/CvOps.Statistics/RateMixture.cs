namespace CvOps.Statistics;

/// <summary>
/// Mixtures of Bernoulli likelihood ratios against a rate p0: for a given list of alternatives, sum of w_g (p_g/p0)^x ((1-p_g)/(1-p0))^(n-x). With all p_g
/// above p0 it is a test supermartingale while the true rate is at most p0, whatever the past made of it; with all below, while it is at least p0
/// (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021). Alternatives are p_g = 1 - (1-p0)^k: k times as much would go wrong, and none reaches 1.
/// </summary>
internal static class RateMixture
{
    /// <summary>
    /// How much worse: 20 steps from 1.25 to 200 times. Most weight lies about 4 times, lognormal with 0.6, as what is hardly worse needs thousands of
    /// frames anyhow and what is far worse is seen at once; 3 % are spread evenly, so that a catastrophe needs two events and not five.
    /// </summary>
    private static readonly double[] Times = [.. Enumerable.Range(0, 20).Select(i => 1.25 * Math.Pow(200 / 1.25, i / 19.0))];
    private static readonly double[] LogWeights = Weigh(Times, centre: 4.2, spread: 0.6, even: 0.03);

    /// <summary>How much better: a rate far below its limit is told by few frames, one just below by many.</summary>
    private static readonly double[] Parts = [0.3, 0.5, 0.7, 0.85, 0.95];
    private static readonly double[] LogParts = [.. Parts.Select(_ => -Math.Log(Parts.Length))];

    /// <summary>What <see cref="Log(ReadOnlySpan{Bet}, long, long)"/> needs, for a rate above <paramref name="p0"/>, (0, 1).</summary>
    public static Bet[] Above(double p0) => Bets(p0, Times, LogWeights);

    /// <summary>The same for a rate below it.</summary>
    public static Bet[] Below(double p0) => Bets(p0, Parts, LogParts);

    /// <param name="Event">ln(p_g / p0).</param>
    /// <param name="Other">ln((1-p_g) / (1-p0)).</param>
    internal readonly record struct Bet(double LogWeight, double Event, double Other)
    {
        public double Log(long trials, long events) => LogWeight + (events * Event) + ((trials - events) * Other);
    }

    /// <summary>Natural logarithm of the mixture.</summary>
    public static double Log(ReadOnlySpan<Bet> bets, long trials, long events)
    {
        Span<double> logs = stackalloc double[bets.Length];
        for (var i = 0; i < bets.Length; i++) logs[i] = bets[i].Log(trials, events);
        return Special.LogSumExp(logs);
    }

    /// <summary>What <see cref="Log(ReadOnlySpan{Bet}, long, long)"/> can't be below: its largest term alone.</summary>
    public static double AtLeast(ReadOnlySpan<Bet> bets, long trials, long events)
    {
        var top = double.NegativeInfinity;
        foreach (var bet in bets) top = Math.Max(top, bet.Log(trials, events));
        return top;
    }

    private static Bet[] Bets(double p0, double[] times, double[] logWeights)
    {
        var good = Math.Log(1 - p0);
        return [.. times.Select((k, i) => new Bet(logWeights[i], Math.Log((1 - Math.Exp(k * good)) / p0), (k - 1) * good))];
    }

    private static double[] Weigh(double[] times, double centre, double spread, double even)
    {
        double[] bell = [.. times.Select(k => Math.Exp(-0.5 * Math.Pow(Math.Log(k / centre) / spread, 2)))];
        return [.. bell.Select(weight => Math.Log(((1 - even) * weight / bell.Sum()) + (even / times.Length)))];
    }
}
