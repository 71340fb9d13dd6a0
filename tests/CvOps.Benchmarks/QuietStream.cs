using System.Numerics;
using CvOps.Statistics.Change;

namespace CvOps.Benchmarks;

/// <summary>One stream of counts that never changes, and how often the detector alarms on it.</summary>
internal sealed class QuietStream
{
    private readonly double[] _halves;
    private readonly int _count;
    private readonly int _bets;

    /// <summary>Bets and zeros up to whole vectors: a bet with ratio 0 never has a stake.</summary>
    private readonly int _width;
    private ulong _draw;

    /// <param name="truth">Shares of the bins.</param>
    /// <param name="baseline">Counts learned of them.</param>
    public QuietStream(bool ordered, double[] truth, long[] baseline, int halfFrames, int halves, Random chance)
    {
        long[] Half()
        {
            var counts = new long[truth.Length];
            for (var i = 0; i < halfFrames; i++) counts[Draw(truth, chance)]++;
            return counts;
        }

        var windows = Enumerable.Range(0, halves).Select(_ => Half()).ToArray();
        var dispersion = Dispersion.Unknown;
        for (var i = 1; i < 40; i++) dispersion = dispersion.Observe(windows[i - 1], windows[i]);
        var bets = ordered ? ChangeBets.OnOrder(baseline, dispersion.Value) : ChangeBets.OnClasses(baseline, dispersion.Value);
        (_count, _bets, _draw) = (halves, bets.Count, (ulong)chance.NextInt64() | 1);
        _width = (bets.Count + Vector<double>.Count - 1) / Vector<double>.Count * Vector<double>.Count;
        _halves = new double[halves * _width];
        for (var i = 0; i < halves; i++)
        {
            var row = _halves.AsSpan(i * _width, _bets);
            bets.LogRatios(windows[i], row);
            foreach (ref var ratio in row) ratio = Math.Exp(ratio);
        }
    }

    /// <returns>Alarms; after each the watch begins anew.</returns>
    public long Watch(long windows, double years, double limit)
    {
        var alarms = 0L;
        Span<double> stakes = stackalloc double[_width];
        Span<double> ratios = stackalloc double[_width];
        stakes.Clear();
        var enough = limit * _bets;
        for (var i = 0L; i < windows; i++)
        {
            _draw ^= _draw << 13;
            _draw ^= _draw >> 7;
            _draw ^= _draw << 17;
            var first = (int)((_draw >> 40) * (ulong)_count >> 24) * _width;
            var second = (int)((_draw & 0xFFFFFF) * (ulong)_count >> 24) * _width;
            for (var k = 0; k < _width; k += Vector<double>.Count)
                (new Vector<double>(_halves, first + k) * new Vector<double>(_halves, second + k)).CopyTo(ratios[k..]);
            ChangeDetector.Step(stakes, ratios, years);
            var all = Vector<double>.Zero;
            for (var k = 0; k < _width; k += Vector<double>.Count) all += new Vector<double>(stakes[k..]);
            var sum = Vector.Sum(all);
            if (sum < enough) continue;
            alarms++;
            stakes.Clear();
        }
        return alarms;
    }

    public static int Draw(double[] shares, Random chance)
    {
        var at = chance.NextDouble();
        var bin = 0;
        while (bin < shares.Length - 1 && (at -= shares[bin]) >= 0) bin++;
        return bin;
    }
}
