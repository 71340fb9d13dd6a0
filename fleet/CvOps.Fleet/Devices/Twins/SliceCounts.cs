using System.Numerics;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>Counts of many devices, by series. Whole numbers alone are added: whoever merges what with whom in whatever order gets the same bits.</summary>
internal sealed class SliceCounts
{
    // By number of the series: a slice adds hundreds of thousands of histograms, of a few dozen series.
    private Sum?[] _sums = new Sum?[64];

    /// <summary>Those that were counted, rising by number.</summary>
    public IEnumerable<(ushort Series, long[] Counts, int Devices)> Sums => _sums.Select((sum, series) => (Series: (ushort)series, Sum: sum)).Where(it => it.Sum is not null).Select(it => (it.Series, it.Sum!.Counts, it.Sum.Devices));

    public void Add(ushort series, ReadOnlySpan<ushort> counts)
    {
        var sum = Of(series);
        sum.Devices++;
        var sums = sum.Counts.AsSpan();
        for (var bin = 0; bin < counts.Length; bin += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(counts[bin..]), out var low, out var high);
            Widen(low, sums[bin..]);
            Widen(high, sums[(bin + Vector<uint>.Count)..]);
        }
    }

    public void Merge(SliceCounts other)
    {
        foreach (var (series, counts, devices) in other.Sums)
        {
            var sum = Of(series);
            sum.Devices += devices;
            for (var bin = 0; bin < counts.Length; bin++) sum.Counts[bin] += counts[bin];
        }
    }

    private static void Widen(Vector<uint> counts, Span<long> sums)
    {
        Vector.Widen(counts, out var low, out var high);
        (new Vector<long>(sums) + Vector.AsVectorInt64(low)).CopyTo(sums);
        (new Vector<long>(sums[Vector<long>.Count..]) + Vector.AsVectorInt64(high)).CopyTo(sums[Vector<long>.Count..]);
    }

    private Sum Of(ushort series)
    {
        if (series >= _sums.Length) Array.Resize(ref _sums, Math.Max(_sums.Length * 2, series + 1));
        return _sums[series] ??= new Sum();
    }

    private sealed class Sum
    {
        public long[] Counts { get; } = new long[TwinDrift.Bins];

        public int Devices { get; set; }
    }
}
