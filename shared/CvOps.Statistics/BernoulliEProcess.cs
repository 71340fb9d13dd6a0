namespace CvOps.Statistics;

/// <summary>
/// Evidence that bad events come more often than they may, valid at every look: E_n = mean over a grid of p_g > p0 of the likelihood ratio
/// (p_g/p0)^x ((1-p_g)/(1-p0))^(n-x). While the true rate is at most <see cref="P0"/> it is a non-negative supermartingale from 1, so that
/// P(it ever reaches 1/a) is at most a (Ville 1939; Howard, Ramdas, McAuliffe and Sekhon 2021). Only the two counts matter, so the record
/// is its own state and merging devices adds counts.
/// </summary>
/// <param name="P0">Rate that is still normal, (0, 0.5].</param>
/// <param name="Trials">Observed so far.</param>
/// <param name="Events">Bad ones among them.</param>
public sealed record BernoulliEProcess(double P0, long Trials = 0, long Events = 0)
{
    private static readonly double[] Grid = [1.5, 2, 3, 5, 10, 20, 50];

    public double P0 { get; init; } = P0 is > 0 and <= 0.5 ? P0 : throw new ArgumentOutOfRangeException(nameof(P0), P0, "The normal rate must lie above 0 and at most at 0.5.");

    /// <summary>Natural logarithm of the evidence; 0 without data.</summary>
    public double LogEvidence
    {
        get
        {
            Span<double> logs = stackalloc double[Grid.Length];
            for (var i = 0; i < Grid.Length; i++)
            {
                // A rate of 1 is allowed: its ratio is 0 from the first good event on.
                var p = Math.Min(1, P0 * Grid[i]);
                logs[i] = Special.CountLog(Events, p / P0) + Special.CountLog(Trials - Events, (1 - p) / (1 - P0));
            }

            return Special.LogSumExp(logs) - Math.Log(Grid.Length);
        }
    }

    public double Evidence => Evidences.FromLog(LogEvidence);

    /// <returns>The process after more trials, in any order.</returns>
    public BernoulliEProcess Observe(long trials, long events)
    {
        if (events < 0 || events > trials) throw new ArgumentOutOfRangeException(nameof(events), $"{events} of {trials} is no count of events.");
        return this with { Trials = Trials + trials, Events = Events + events };
    }
}
