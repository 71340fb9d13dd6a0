namespace CvOps.Statistics;

/// <summary>Who was right on a frame where champion and challenger said different things.</summary>
public enum JudgedPair { ChallengerRight, ChampionRight, NeitherRight }

/// <summary>
/// What a paired comparison of two models on the same frames has shown so far, valid at every look. Each value starts at 1 (no data: nothing
/// shown) and, while the hypothesis it speaks against is true, reaches 1/a at any time with probability at most a (Ville 1939).
/// <para>Assumed: frames are exchangeable, and the judged frames are a random sample of the discordant ones (random by when they came, never by
/// what the models or the person said). Frames picked because a model was unsure must not be judged here.</para>
/// <para><b>Stop</b>, against "the challenger wins at least half of the decisive pairs": with w the probability that the champion is the one that
/// is right, the mean over a grid of w > 1/2 of (2w)^champion (2(1-w))^challenger. Its factor has mean at most 1 whenever the true probability
/// is at most 1/2: a test supermartingale (Waudby-Smith and Ramdas 2024, betting).</para>
/// <para><b>Promote</b>, against "the challenger loses accuracy by the margin or more". Loss = d q, with d the share of discordant frames and q the
/// mean, among them, of X = +1 where only the champion is right, -1 where only the challenger, 0 where neither. For given d0 and q0,
/// D = mean over p &lt; d0 of the Bernoulli likelihood ratio p against d0 is a supermartingale whenever d >= d0, and
/// Q = mean over bets b of prod(1 + b (q0 - X)), 0 &lt;= b &lt; 1/(1-q0), whenever the mean of X is at least q0 (same paper). Each new pair moves
/// only D and each judgement only Q, so D Q is one too, and so is M = (D + Q + D Q) / 3. The hypothesis d q >= margin is covered by finitely many
/// cells {d >= d_i, q >= q_i}; the truth lies in one of them, so the least M over all cells is bounded by a supermartingale from 1 wherever
/// the truth is. Both routes are in it: judged pairs that favour the challenger raise Q in every cell, and models that hardly ever disagree
/// raise D in every cell without a label, for then the challenger cannot be worse by the margin whatever the labels say.</para>
/// </summary>
/// <param name="Margin">Loss of accuracy that is still acceptable, (0, 1).</param>
/// <param name="Pairs">Frames both models saw.</param>
/// <param name="Discordant">Those where they said different things.</param>
public sealed record PairedEvidence(double Margin, long Pairs = 0, long Discordant = 0, long ChallengerRight = 0, long ChampionRight = 0, long NeitherRight = 0)
{
    private const int Cells = 64;

    private static readonly double[] WinGrid = [0.55, 0.6, 0.7, 0.8, 0.9, 0.97];
    private static readonly double[] RateGrid = [0, 0.1, 0.25, 0.5, 0.7, 0.85, 0.95];
    private static readonly double[] BetGrid = [0.03, 0.08, 0.15, 0.25, 0.4, 0.6, 0.8, 0.95];

    public double Margin { get; init; } = Margin is > 0 and < 1 ? Margin : throw new ArgumentOutOfRangeException(nameof(Margin), Margin, "The margin must lie between 0 and 1.");

    public long Judged => ChallengerRight + ChampionRight + NeitherRight;

    /// <summary>Against "the challenger is no worse"; stop at 1 / (risk of a false stop).</summary>
    public double StopEvidence => Evidences.FromLog(LogStop);

    /// <summary>Against "the challenger is worse by the margin or more"; promote at 1 / (risk of a false promotion).</summary>
    public double PromoteEvidence => Evidences.FromLog(LogPromote);

    /// <summary>Natural logarithm of <see cref="StopEvidence"/>.</summary>
    public double LogStop
    {
        get
        {
            Span<double> logs = stackalloc double[WinGrid.Length];
            for (var i = 0; i < WinGrid.Length; i++)
                logs[i] = (ChampionRight * Math.Log(2 * WinGrid[i])) + (ChallengerRight * Math.Log(2 * (1 - WinGrid[i])));
            return Special.LogSumExp(logs) - Math.Log(WinGrid.Length);
        }
    }

    /// <summary>Natural logarithm of <see cref="PromoteEvidence"/>.</summary>
    public double LogPromote
    {
        get
        {
            var least = double.PositiveInfinity;
            for (var i = 0; i < Cells; i++)
            {
                // Cells part q from the margin (where d must be 1) to 1 (where d must be the margin) in equal steps of its logarithm.
                var q = Math.Pow(Margin, 1 - ((double)i / Cells));
                var d = Math.Pow(Margin, (i + 1.0) / Cells);
                var (rate, loss) = (LogRate(d), LogLoss(q));
                least = Math.Min(least, Special.LogSumExp([rate, loss, rate + loss]) - Math.Log(3));
            }

            return least;
        }
    }

    /// <returns>The evidence after more frames that both models saw.</returns>
    public PairedEvidence Observe(long pairs, long discordant)
    {
        if (discordant < 0 || discordant > pairs) throw new ArgumentOutOfRangeException(nameof(discordant), $"{discordant} of {pairs} pairs cannot be discordant.");
        return this with { Pairs = Pairs + pairs, Discordant = Discordant + discordant };
    }

    /// <returns>The evidence after a person, or the truth, judged one more discordant frame.</returns>
    /// <remarks>A frame is judged once; that is the caller's to keep. It may come before the pair it belongs to.</remarks>
    public PairedEvidence Judge(JudgedPair result) => result switch
    {
        JudgedPair.ChallengerRight => this with { ChallengerRight = ChallengerRight + 1 },
        JudgedPair.ChampionRight => this with { ChampionRight = ChampionRight + 1 },
        JudgedPair.NeitherRight => this with { NeitherRight = NeitherRight + 1 },
        _ => throw new ArgumentOutOfRangeException(nameof(result), result, "Unknown judgement."),
    };

    /// <summary>ln D: against a share of discordant frames of at least <paramref name="d"/>.</summary>
    private double LogRate(double d)
    {
        Span<double> logs = stackalloc double[RateGrid.Length];
        for (var i = 0; i < RateGrid.Length; i++)
            logs[i] = Special.CountLog(Discordant, RateGrid[i]) + Special.CountLog(Pairs - Discordant, (1 - (d * RateGrid[i])) / (1 - d));
        return Special.LogSumExp(logs) - Math.Log(RateGrid.Length);
    }

    /// <summary>ln Q: against a mean of X of at least <paramref name="q"/>.</summary>
    private double LogLoss(double q)
    {
        Span<double> logs = stackalloc double[BetGrid.Length];
        for (var i = 0; i < BetGrid.Length; i++)
        {
            var bet = BetGrid[i] / (1 - q);
            logs[i] = (ChampionRight * Math.Log(1 + (bet * (q - 1)))) + (ChallengerRight * Math.Log(1 + (bet * (q + 1)))) + (NeitherRight * Math.Log(1 + (bet * q)));
        }

        return Special.LogSumExp(logs) - Math.Log(BetGrid.Length);
    }
}
