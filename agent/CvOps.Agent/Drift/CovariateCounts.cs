using CvOps.Statistics;

namespace CvOps.Agent.Drift;

/// <summary>
/// One covariate of one camera: the newest block of frames, the window before it, and what was reported last, all over the profile's edges.
/// Counting allocates nothing.
/// </summary>
internal sealed class CovariateCounts(IReadOnlyList<double> edges)
{
    /// <summary>Values of a block, and of what it is held against, below which nothing is said.</summary>
    private const long LeastValues = 40;

    /// <summary>Part of the values that lies in other bins than before: an obvious change, on top of twice what is usual from block to block.</summary>
    private const double ChangedShare = 0.25;

    /// <summary>And not by chance: the deviate of a chi-square statistic (Wilson and Hilferty 1931).</summary>
    private const double ChangedDeviate = 6;

    private const double UsualWeight = 0.2;

    private readonly double[] _edges = [.. edges];
    private readonly long[] _block = new long[edges.Count + 1];
    private readonly long[] _window = new long[edges.Count + 1];
    private readonly long[] _reported = new long[edges.Count + 1];
    private double _blockSum;
    private double _windowSum;
    private double _usual;

    /// <summary>Counts a value; one that is not finite is counted nowhere.</summary>
    public void Add(double value)
    {
        if (!double.IsFinite(value)) return;
        var found = Array.BinarySearch(_edges, value);
        _block[found >= 0 ? found + 1 : ~found]++;
        _blockSum += value;
    }

    /// <summary>Whether the block differs clearly from the window so far and what was reported last.</summary>
    public bool BlockDiffers()
    {
        long inBlock = 0, before = 0;
        for (var i = 0; i < _block.Length; i++)
        {
            inBlock += _block[i];
            before += _window[i] + _reported[i];
        }
        if (inBlock < LeastValues || before < LeastValues) return false;
        double distance = 0, statistic = 0;
        var bins = 0;
        for (var i = 0; i < _block.Length; i++)
        {
            long here = _block[i], there = _window[i] + _reported[i];
            if (here + there == 0) continue;
            bins++;
            var difference = here / (double)inBlock - there / (double)before;
            distance += Math.Abs(difference) / 2;
            statistic += difference * difference * inBlock * before / (here + there);
        }
        var freedom = Math.Max(1, bins - 1);
        var deviate = (Math.Cbrt(statistic / freedom) - (1 - 2.0 / (9 * freedom))) / Math.Sqrt(2.0 / (9 * freedom));
        var differs = deviate > ChangedDeviate && distance > ChangedShare + 2 * _usual;
        if (!differs) _usual += UsualWeight * (distance - _usual);
        return differs;
    }

    /// <summary>The block becomes part of the window.</summary>
    public void TakeBlock()
    {
        for (var i = 0; i < _block.Length; i++) _window[i] += _block[i];
        _windowSum += _blockSum;
        _blockSum = 0;
        Array.Clear(_block);
    }

    /// <returns>The window, without the block, as it goes on the wire.</returns>
    public long[] Window() => WindowCounts.Sketch(_windowSum, _window);

    /// <summary>The window has been reported and begins at nothing. What was reported fades by half each time.</summary>
    public void Reported()
    {
        for (var i = 0; i < _window.Length; i++) _reported[i] = _reported[i] / 2 + _window[i];
        Array.Clear(_window);
        _windowSum = 0;
    }

    /// <summary>What comes next is another world: it is held against itself.</summary>
    public void Forget()
    {
        Array.Clear(_reported);
        _usual = 0;
    }
}
