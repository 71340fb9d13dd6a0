using CvOps.Fleet.Drift;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>What counts may be added: the same covariate over the same edges under the same model.</summary>
/// <param name="EdgesId">As in <see cref="Contracts.Telemetry.HistogramCounts"/>.</param>
internal sealed record DriftSeries(string Model, string Covariate, string EdgesId, int Bins);

/// <summary>Numbers of the series that twins hold, from 1. They stay: a fleet has one for each covariate of each model. For several threads.</summary>
internal sealed class SeriesTable
{
    private readonly Lock _guard = new();
    private readonly Dictionary<DriftSeries, ushort> _numbers = [];
    private DriftSeries[] _series = [];

    public IReadOnlyList<DriftSeries> All => Volatile.Read(ref _series);

    /// <returns>0 when there are 65 535 of them.</returns>
    public ushort Number(DriftSeries series)
    {
        lock (_guard)
        {
            if (_numbers.TryGetValue(series, out var number)) return number;
            if (_series.Length == ushort.MaxValue) return 0;
            Volatile.Write(ref _series, [.. _series, series]);
            return _numbers[series] = (ushort)_series.Length;
        }
    }
}

/// <summary>
/// Histograms in blocks of <see cref="Rows"/>, each signed with its series; a device with more has a chain of blocks. Sixteen bits a bin hold what
/// <see cref="DeviceDrift.MostFrames"/> lets a device count. For one thread at a time.
/// </summary>
internal sealed class TwinDrift(SeriesTable series)
{
    public const int Rows = 4;
    public const int Bins = DeviceDrift.MostBins;
    private const int BlockCounts = Rows * Bins;
    private const int ChunkBlocks = 128;

    private readonly List<ushort[]> _counts = [];
    private readonly List<Head[]> _heads = [];
    private readonly Stack<int> _free = [];
    private int _used;

    /// <returns>The first block, from 1; 0 when there is nothing to hold.</returns>
    public int Put(int block, DeviceDrift drift)
    {
        Free(block);
        var (first, last) = (0, 0);
        for (var i = 0; i < drift.Series.Count; i++)
        {
            if (i % Rows == 0)
            {
                var next = Take();
                if (last == 0) first = next;
                else Of(last).Next = next;
                last = next;
            }
            var (covariate, edges, counts) = drift.Series[i];
            Of(last).Series[i % Rows] = series.Number(new DriftSeries(drift.Model, covariate, edges, counts.Length));
            var row = Row(last, i % Rows);
            for (var bin = 0; bin < counts.Length; bin++) row[bin] = (ushort)counts[bin];
        }
        return first;
    }

    /// <param name="block">First of a device's.</param>
    public void AddTo(SliceCounts sums, int block)
    {
        for (; block != 0; block = Of(block).Next)
        {
            ref var head = ref Of(block);
            for (var row = 0; row < Rows; row++)
                if (head.Series[row] != 0) sums.Add(head.Series[row], Row(block, row));
        }
    }

    private void Free(int block)
    {
        for (; block != 0; block = Of(block).Next) _free.Push(block);
    }

    private int Take()
    {
        if (!_free.TryPop(out var block))
        {
            if (_used % ChunkBlocks == 0)
            {
                _counts.Add(new ushort[ChunkBlocks * BlockCounts]);
                _heads.Add(new Head[ChunkBlocks]);
            }
            block = ++_used;
        }
        Of(block) = default;
        _counts[(block - 1) / ChunkBlocks].AsSpan((block - 1) % ChunkBlocks * BlockCounts, BlockCounts).Clear();
        return block;
    }

    private ref Head Of(int block) => ref _heads[(block - 1) / ChunkBlocks][(block - 1) % ChunkBlocks];

    private Span<ushort> Row(int block, int row) => _counts[(block - 1) / ChunkBlocks].AsSpan((((block - 1) % ChunkBlocks) * BlockCounts) + (row * Bins), Bins);

    private struct Head
    {
        public int Next;
        public FourSeries Series;
    }

    [System.Runtime.CompilerServices.InlineArray(Rows)]
    private struct FourSeries
    {
        private ushort _first;
    }
}
