namespace CvOps.Statistics;

/// <summary>
/// What one or many <see cref="KllSketch"/> know: sorted items a level, an item of level h standing for 2^h values. Merging puts the items of
/// each level together and compacts nothing: a compaction would have to toss a coin, and then the order of merging would show in the
/// bits. So a merged summary is as large as its parts together, its error is no larger than theirs, and any order and grouping gives the same bits.
/// </summary>
public sealed class KllSummary
{
    private const byte Form = 1;
    private const int MaxLevels = 62;

    /// <summary>P(the error is larger) at most this; see <see cref="RankError"/>.</summary>
    private const double Risk = 0.01;

    private readonly double[][] _levels;
    private readonly long[] _compactions;
    private (double[] Items, long[] Below)? _sorted;

    /// <param name="levels">Each sorted; the summary owns them.</param>
    internal KllSummary(double[][] levels, long[] compactions, double least, double greatest)
    {
        (_levels, _compactions, Least, Greatest) = (levels, compactions, least, greatest);
        for (var h = 0; h < levels.Length; h++) Count += (long)levels[h].Length << h;
    }

    /// <summary>Nothing seen; merging with it changes nothing.</summary>
    public static KllSummary Empty { get; } = new([[]], [0], double.NaN, double.NaN);

    /// <summary>Values seen, exactly.</summary>
    public long Count { get; }

    /// <summary>Smallest value, exactly; NaN when empty.</summary>
    public double Least { get; }

    /// <summary>Largest value, exactly; NaN when empty.</summary>
    public double Greatest { get; }

    /// <summary>
    /// Largest error of <see cref="Rank"/> at one point, as a share of <see cref="Count"/>, with 99 % confidence over the coins: a compaction of level h
    /// moves a rank by 2^h, up or down, or not at all, so that Hoeffding's bound is sqrt(2 ln(2 / 0.01) sum 4^h) / n, the sum over the compactions
    /// that really were. 0 while nothing was compacted: then every answer is exact.
    /// </summary>
    public double RankError => Count == 0 ? 0 : Math.Min(1, Math.Sqrt(2 * Math.Log(2 / Risk) * _compactions.Select((times, h) => times * Math.Pow(4, h)).Sum()) / Count);

    /// <summary>Share of the values that are at most <paramref name="value"/>; NaN when empty.</summary>
    public double Rank(double value)
    {
        var (items, below) = Sorted();
        var (low, high) = (0, items.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (items[middle] <= value) low = middle + 1;
            else high = middle;
        }

        return Count == 0 ? double.NaN : (double)below[low] / Count;
    }

    /// <summary>The least value with at least this share of the values at or below it (inverted distribution function); NaN when empty.</summary>
    /// <param name="share">0..1; 0 and 1 give the exact extremes.</param>
    public double Quantile(double share)
    {
        if (share is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(share), share, "A quantile is asked for by a share between 0 and 1.");
        if (share is 0 or 1) return share == 0 ? Least : Greatest;
        var (items, below) = Sorted();
        if (items.Length == 0) return double.NaN;
        var (low, high) = (0, items.Length - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (below[middle + 1] >= share * Count) high = middle;
            else low = middle + 1;
        }

        return items[low];
    }

    /// <summary>All of them as one, in any order and grouping the same.</summary>
    public static KllSummary Merge(IReadOnlyCollection<KllSummary> parts)
    {
        var depth = Math.Max(1, parts.Select(part => part._levels.Length).DefaultIfEmpty(1).Max());
        var levels = new double[depth][];
        var compactions = new long[depth];
        for (var h = 0; h < depth; h++)
        {
            levels[h] = new double[parts.Sum(part => h < part._levels.Length ? part._levels[h].Length : 0)];
            var filled = 0;
            foreach (var part in parts)
            {
                if (h >= part._levels.Length) continue;
                part._levels[h].CopyTo(levels[h], filled);
                filled += part._levels[h].Length;
                compactions[h] = checked(compactions[h] + part._compactions[h]);
            }

            DoubleSort.Sort(levels[h]);
        }

        var seen = parts.Where(part => part.Count > 0).ToArray();
        return new KllSummary(levels, compactions, seen.Select(p => p.Least).DefaultIfEmpty(double.NaN).Min(), seen.Select(p => p.Greatest).DefaultIfEmpty(double.NaN).Max());
    }

    /// <summary>The form on wire and disk: a byte 1, the number of levels, extremes, then for each level its compactions, its items and they themselves; little-endian.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Form);
        writer.Write7BitEncodedInt(_levels.Length);
        writer.Write(Least);
        writer.Write(Greatest);
        for (var h = 0; h < _levels.Length; h++)
        {
            writer.Write7BitEncodedInt64(_compactions[h]);
            writer.Write7BitEncodedInt(_levels[h].Length);
            foreach (var item in _levels[h]) writer.Write(item);
        }

        writer.Flush();
        return stream.ToArray();
    }

    /// <exception cref="FormatException">The bytes are no summary that <see cref="ToBytes"/> writes.</exception>
    public static KllSummary FromBytes(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Read(bytes);
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException)
        {
            throw new FormatException($"{bytes.Length} bytes are no quantile summary: {e.Message}", e);
        }
    }

    private static KllSummary Read(ReadOnlySpan<byte> bytes)
    {
        using var stream = new MemoryStream(bytes.ToArray());
        using var reader = new BinaryReader(stream);
        if (reader.ReadByte() is var form && form != Form) throw new FormatException($"form {form} is not known, {Form} is.");
        var depth = reader.Read7BitEncodedInt();
        if (depth is < 1 or > MaxLevels) throw new FormatException($"{depth} levels; 1 to {MaxLevels} are allowed.");
        var (least, greatest) = (reader.ReadDouble(), reader.ReadDouble());
        var (levels, compactions) = (new double[depth][], new long[depth]);
        for (var h = 0; h < depth; h++)
        {
            compactions[h] = reader.Read7BitEncodedInt64();
            var items = reader.Read7BitEncodedInt();
            if (compactions[h] < 0 || items < 0 || (long)items * sizeof(double) > stream.Length - stream.Position) throw new FormatException($"level {h} has {items} items after {compactions[h]} compactions.");
            levels[h] = new double[items];
            for (var i = 0; i < items; i++)
            {
                levels[h][i] = reader.ReadDouble();
                if (!(levels[h][i] >= least && levels[h][i] <= greatest) || (i > 0 && levels[h][i] < levels[h][i - 1])) throw new FormatException($"item {i} of level {h} is out of order or range.");
            }

            if (items > long.MaxValue >> (h + 6)) throw new FormatException($"level {h} stands for too many values.");
        }

        if (stream.Position != stream.Length) throw new FormatException("bytes are left at the end.");
        return new KllSummary(levels, compactions, least, greatest);
    }

    private (double[] Items, long[] Below) Sorted()
    {
        if (_sorted is { } had) return had;
        // From the top down, where the levels are short: each is sorted already.
        var (items, weights) = (_levels[^1], Weights(_levels.Length - 1));
        for (var h = _levels.Length - 2; h >= 0; h--) (items, weights) = Interleave(items, weights, _levels[h], Weights(h));
        var below = new long[items.Length + 1];
        for (var i = 0; i < items.Length; i++) below[i + 1] = below[i] + weights[i];
        _sorted = (items, below);
        return (items, below);
    }

    private long[] Weights(int level)
    {
        var weights = new long[_levels[level].Length];
        Array.Fill(weights, 1L << level);
        return weights;
    }

    private static (double[] Items, long[] Weights) Interleave(double[] first, long[] firstWeights, double[] second, long[] secondWeights)
    {
        if (first.Length == 0) return (second, secondWeights);
        var (items, weights) = (new double[first.Length + second.Length], new long[first.Length + second.Length]);
        var (i, j) = (0, 0);
        for (var at = 0; at < items.Length; at++)
            (items[at], weights[at]) = j == second.Length || (i < first.Length && first[i] <= second[j]) ? (first[i], firstWeights[i++]) : (second[j], secondWeights[j++]);
        return (items, weights);
    }
}
