using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Statistics;

/// <summary>
/// Counts over fixed edges. Bin 0 lies below the first edge, bin i is [edge i-1, edge i), the last is open upwards; a value equal to an edge
/// goes up. Values are rounded to 2^-20 in the sum, so that sums below 2^33 add exactly: merging gives the same bits in any order.
/// Not for use by several threads at once.
/// </summary>
public sealed class Histogram
{
    private const double SumUnit = 1 << 20;

    private readonly double[] _edges;
    private readonly long[] _counts;

    /// <param name="edges">Finite and rising, at least 1.</param>
    /// <exception cref="ArgumentException">They are not.</exception>
    public Histogram(IReadOnlyList<double> edges)
    {
        if (edges.Count == 0) throw new ArgumentException("A histogram needs at least one edge.", nameof(edges));
        for (var i = 0; i < edges.Count; i++)
            if (!double.IsFinite(edges[i]) || (i > 0 && edges[i] <= edges[i - 1])) throw new ArgumentException($"Edge {i} ({edges[i]}) is not finite or does not rise.", nameof(edges));
        _edges = [.. edges];
        _counts = new long[edges.Count + 1];
        EdgesId = ReferenceHistogram.EdgesIdOf(_edges);
    }

    public IReadOnlyList<double> Edges => _edges;

    /// <summary>One more than edges.</summary>
    public IReadOnlyList<long> Counts => _counts;

    public double Sum { get; private set; }

    public long Total { get; private set; }

    /// <summary>NaN when empty.</summary>
    public double Mean => Sum / Total;

    /// <summary>Same edges, same id; only those merge.</summary>
    public string EdgesId { get; }

    /// <summary>Counts a value; one that is not finite is counted nowhere.</summary>
    public void Add(double value)
    {
        if (!double.IsFinite(value)) return;
        _counts[BinOf(value)]++;
        Total++;
        Sum += Math.Round(value * SumUnit) / SumUnit;
    }

    /// <exception cref="ArgumentException">The other has different edges.</exception>
    public void Merge(HistogramCounts other)
    {
        if (other.EdgesId != EdgesId || other.Counts.Count != _counts.Length)
            throw new ArgumentException($"Counts over edges {other.EdgesId} ({other.Counts.Count} bins) cannot be added to counts over {EdgesId} ({_counts.Length} bins).", nameof(other));
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other.Counts[i];
            Total += other.Counts[i];
        }

        Sum += other.Sum;
    }

    public HistogramCounts ToCounts() => new(EdgesId, [.. _counts], Sum);

    public ReferenceHistogram ToReference() => new([.. _edges], [.. _counts], Total == 0 ? 0 : Mean);

    public void Clear()
    {
        Array.Clear(_counts);
        (Sum, Total) = (0, 0);
    }

    /// <summary>Adds two sets of counts over the same edges.</summary>
    /// <exception cref="ArgumentException">The edges differ.</exception>
    public static HistogramCounts Merge(HistogramCounts first, HistogramCounts second) =>
        first.EdgesId == second.EdgesId && first.Counts.Count == second.Counts.Count
            ? new HistogramCounts(first.EdgesId, [.. first.Counts.Zip(second.Counts, (a, b) => a + b)], first.Sum + second.Sum)
            : throw new ArgumentException($"Counts over edges {first.EdgesId} and {second.EdgesId} cannot be added.", nameof(second));

    private int BinOf(double value)
    {
        var found = Array.BinarySearch(_edges, value);
        return found >= 0 ? found + 1 : ~found;
    }
}
