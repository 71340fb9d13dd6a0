namespace CvOps.Statistics;

/// <summary>
/// Evidence that on the same frames one model says something more than <paramref name="Ratio"/> times as often as the other. With X = 1 where only the
/// challenger says it, -r where only the champion, 1 - r where both and 0 where neither, the mean over bets g of prod(1 + g X / r) is a test
/// supermartingale whenever the mean of X, given the past, is at most 0, that is while the challenger's rate is at most r times the champion's:
/// cameras may differ and parts may change as they like, both models see the same (Waudby-Smith and Ramdas 2024, betting; at r = 1 McNemar's pairs).
/// </summary>
/// <param name="Ratio">How many times as often is still no more, at least 1.</param>
public sealed record PairedRateEvidence(double Ratio)
{
    private static readonly double[] Bets = [0.03, 0.08, 0.15, 0.25, 0.4, 0.6, 0.8, 0.95];

    public double Ratio { get; init; } = Ratio is >= 1 and <= 100 ? Ratio : throw new ArgumentOutOfRangeException(nameof(Ratio), Ratio, "The ratio must lie between 1 and 100.");

    /// <summary>Natural logarithm of the evidence; 0 without data.</summary>
    /// <param name="both">Frames of which both say it.</param>
    public double LogEvidence(long both, long onlyChallenger, long onlyChampion)
    {
        Span<double> logs = stackalloc double[Bets.Length];
        for (var i = 0; i < Bets.Length; i++)
        {
            var bet = Bets[i];
            logs[i] = (onlyChallenger * Math.Log(1 + (bet / Ratio))) + (onlyChampion * Math.Log(1 - bet)) + (both * Math.Log(1 - bet + (bet / Ratio)));
        }

        return Special.LogSumExp(logs) - Math.Log(Bets.Length);
    }
}
