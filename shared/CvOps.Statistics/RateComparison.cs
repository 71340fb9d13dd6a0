namespace CvOps.Statistics;

/// <summary>
/// Evidence that one side's rate is more than <see cref="Ratio"/> times another's, by the four counts alone, so that no order of reports and no
/// merge changes it; valid at every look. For a true champion rate in a cell [a, b], U = <see cref="RateMixture"/> against a challenger's rate of at most
/// Ratio b and D = the one against a champion's of at least a are test supermartingales of separate reports, so U D is one too, and so is
/// M = 0.5 U + 0.2 D + 0.3 U D. The cells cover every rate, the truth lies in one of them, and the least M over all cells is bounded by that one's:
/// P(it ever reaches 1/a) is at most a while the challenger's rate is at most Ratio times the champion's (Ville 1939). U alone carries it where
/// the champion is known well, D where it is not.
/// <para>Assumed: each side's rate does not change. Where it may (a batch of bad parts, unlike cameras), compare with more than one other side.</para>
/// </summary>
public sealed class RateComparison
{
    private const double Least = 1e-5;
    private const double Step = 1.1;

    private static readonly double LogUp = Math.Log(0.5), LogDown = Math.Log(0.2), LogBoth = Math.Log(0.3);

    private readonly Cell[] _cells;

    /// <param name="ratio">How many times as much is still no worse, [0.01, 100].</param>
    public RateComparison(double ratio)
    {
        if (ratio is not (>= 0.01 and <= 100)) throw new ArgumentOutOfRangeException(nameof(ratio), ratio, "The ratio must lie between 0.01 and 100.");
        Ratio = ratio;
        var cells = new List<Cell>();
        for (double low = 0, high = Least; low < 1; (low, high) = (high, Math.Min(1, high * Step)))
            cells.Add(new Cell(ratio * high < 1 ? RateMixture.Above(ratio * high) : null, low > 0 ? RateMixture.Below(low) : null));
        _cells = [.. cells];
    }

    public double Ratio { get; }

    /// <summary>Natural logarithm of the evidence; 0 without data, -infinity (nothing speaks for it, and nothing has to be reckoned) where the share seen is no more than it may be.</summary>
    public double LogEvidence(long challengerTrials, long challengerEvents, long championTrials, long championEvents)
    {
        if (challengerEvents < 0 || challengerEvents > challengerTrials) throw new ArgumentOutOfRangeException(nameof(challengerEvents), $"{challengerEvents} of {challengerTrials} is no count of events.");
        if (championEvents < 0 || championEvents > championTrials) throw new ArgumentOutOfRangeException(nameof(championEvents), $"{championEvents} of {championTrials} is no count of events.");
        if (challengerTrials == 0 && championTrials == 0) return 0;
        // Less than M is always allowed.
        if ((double)challengerEvents * championTrials <= Ratio * championEvents * challengerTrials) return double.NegativeInfinity;

        // Most cells are far from the least one, and the largest terms say so without an exponential.
        Span<double> bounds = stackalloc double[_cells.Length];
        var best = 0;
        for (var i = 0; i < bounds.Length; i++)
        {
            var (above, below) = (_cells[i].Above, _cells[i].Below);
            var (up, down) = (above is null ? 0 : RateMixture.AtLeast(above, challengerTrials, challengerEvents), below is null ? 0 : RateMixture.AtLeast(below, championTrials, championEvents));
            bounds[i] = Math.Max(Math.Max(LogUp + up, LogDown + down), LogBoth + up + down);
            if (bounds[i] < bounds[best]) best = i;
        }

        var least = Log(_cells[best], challengerTrials, challengerEvents, championTrials, championEvents);
        for (var i = 0; i < bounds.Length; i++)
            if (i != best && bounds[i] < least) least = Math.Min(least, Log(_cells[i], challengerTrials, challengerEvents, championTrials, championEvents));
        return least;
    }

    /// <summary>ln M. Where every rate is allowed there is no evidence against one: 1.</summary>
    private static double Log(Cell cell, long challengerTrials, long challengerEvents, long championTrials, long championEvents)
    {
        var up = cell.Above is null ? 0 : RateMixture.Log(cell.Above, challengerTrials, challengerEvents);
        var down = cell.Below is null ? 0 : RateMixture.Log(cell.Below, championTrials, championEvents);
        return Special.LogSumExp([LogUp + up, LogDown + down, LogBoth + up + down]);
    }

    private readonly record struct Cell(RateMixture.Bet[]? Above, RateMixture.Bet[]? Below);
}
