namespace CvOps.Statistics;

/// <summary>
/// Quantiles of one stream in bounded memory (Karnin, Lang and Liberty, "Optimal quantile approximation in streams", FOCS 2016): items of level h
/// stand for 2^h values each; a level that overflows is sorted and every second item moves up. Which half moves is a coin that follows from
/// the seed, the level and how often it was tossed, so that a stream gives the same bits again. What one stream knows travels and merges as
/// a <see cref="KllSummary"/>. Not for use by several threads at once.
/// </summary>
public sealed class KllSketch
{
    private const int LeastWidth = 8;
    private const double Shrink = 2.0 / 3;

    private readonly int _k;
    private readonly ulong _seed;
    private readonly List<List<double>> _levels = [[]];
    private readonly List<long> _compactions = [0];
    private double _least = double.NaN;
    private double _greatest = double.NaN;
    private int _retained;
    private int _room;

    /// <param name="k">Width of the top level, 8..65535: memory is about 3k items, the rank error falls as 1/k.</param>
    /// <param name="seed">One of its own for each stream, so that errors of merged streams cancel and do not add.</param>
    public KllSketch(int k, ulong seed)
    {
        if (k is < LeastWidth or > ushort.MaxValue) throw new ArgumentOutOfRangeException(nameof(k), k, $"The width of a quantile sketch must lie between {LeastWidth} and {ushort.MaxValue}.");
        (_k, _seed, _room) = (k, seed, k);
    }

    /// <summary>Counts a value; one that is not finite is counted nowhere.</summary>
    public void Add(double value)
    {
        if (!double.IsFinite(value)) return;
        // -0 and 0 are one value and shall be the same bits.
        value += 0.0;
        _least = double.IsNaN(_least) ? value : Math.Min(_least, value);
        _greatest = double.IsNaN(_greatest) ? value : Math.Max(_greatest, value);
        _levels[0].Add(value);
        if (++_retained > _room) Compact();
    }

    /// <returns>What was seen up to now, as a value that does not change any more.</returns>
    public KllSummary ToSummary() => new([.. _levels.Select(level => level.Order().ToArray())], [.. _compactions], _least, _greatest);

    private void Compact()
    {
        for (var h = 0; ; h++)
        {
            if (_levels[h].Count < Width(h)) continue;
            if (h == _levels.Count - 1) Grow();
            var level = _levels[h];
            level.Sort();
            // An odd one out stays where it is: its weight may neither be lost nor doubled.
            var (kept, pairs) = (level.Count % 2, level.Count / 2);
            var half = Coin(h);
            for (var i = 0; i < pairs; i++) _levels[h + 1].Add(level[kept + (2 * i) + half]);
            level.RemoveRange(kept, 2 * pairs);
            _compactions[h]++;
            _retained -= pairs;
            return;
        }
    }

    private void Grow()
    {
        _levels.Add([]);
        _compactions.Add(0);
        _room = Enumerable.Range(0, _levels.Count).Sum(Width);
    }

    private int Width(int level) => Math.Max(LeastWidth, (int)Math.Ceiling(_k * Math.Pow(Shrink, _levels.Count - 1 - level)));

    private int Coin(int level) => (int)(Hashes.Mix(_seed ^ Hashes.Mix(((ulong)level << 48) ^ (ulong)_compactions[level])) & 1);
}
