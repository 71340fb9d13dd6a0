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

    // A block: the numbers of its series, 0 for none, the next block, and the counts; in one piece, so that adding a device up waits for memory once.
    private const int NextLow = Rows;
    private const int NextHigh = Rows + 1;
    private const int FirstCounts = 8;
    private const int BlockLength = FirstCounts + (Rows * Bins);
    private const int ChunkBlocks = 128;

    private readonly List<ushort[]> _chunks = [];
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
                else (Block(last)[NextLow], Block(last)[NextHigh]) = ((ushort)next, (ushort)(next >> 16));
                last = next;
            }
            var (covariate, edges, counts) = drift.Series[i];
            var into = Block(last);
            into[i % Rows] = series.Number(new DriftSeries(drift.Model, covariate, edges, counts.Length));
            for (var bin = 0; bin < counts.Length; bin++) into[FirstCounts + (i % Rows * Bins) + bin] = (ushort)counts[bin];
        }
        return first;
    }

    /// <param name="block">First of a device's; 0 for none.</param>
    public void AddTo(SliceCounts sums, int block)
    {
        while (block != 0)
        {
            ReadOnlySpan<ushort> from = Block(block);
            for (var row = 0; row < Rows; row++)
                if (from[row] != 0) sums.Add(from[row], from.Slice(FirstCounts + (row * Bins), Bins));
            block = Next(from);
        }
    }

    private void Free(int block)
    {
        for (; block != 0; block = Next(Block(block))) _free.Push(block);
    }

    private int Take()
    {
        if (!_free.TryPop(out var block))
        {
            if (_used % ChunkBlocks == 0) _chunks.Add(new ushort[ChunkBlocks * BlockLength]);
            block = ++_used;
        }
        Block(block).Clear();
        return block;
    }

    private static int Next(ReadOnlySpan<ushort> block) => block[NextLow] | (block[NextHigh] << 16);

    private Span<ushort> Block(int block) => _chunks[(block - 1) / ChunkBlocks].AsSpan((block - 1) % ChunkBlocks * BlockLength, BlockLength);
}
