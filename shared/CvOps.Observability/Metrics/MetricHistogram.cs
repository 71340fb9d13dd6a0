using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace CvOps.Observability.Metrics;

/// <param name="Counts">Values of each bucket alone, the one up to infinity last.</param>
public readonly record struct BucketCounts(long[] Counts, double Sum);

/// <summary>Values counted by their size, for Prometheus here and for whoever listens to the instrument. Any thread; a value allocates nothing.</summary>
/// <param name="rule">With at most two labels.</param>
/// <param name="instrument">Gets each value too while somebody listens; null: nobody can.</param>
public sealed class MetricHistogram(MetricRule rule, Histogram<double>? instrument = null)
{
    /// <summary>Values with other labels; further ones are counted as <see cref="MetricPage.Other"/>.</summary>
    public const int MostSeries = 500;

    private readonly ConcurrentDictionary<(string, string), Series> _series = [];

    public MetricRule Rule => rule;

    /// <param name="first">Value of the first label; "" where the rule has none. The second likewise.</param>
    public void Record(double value, string first = "", string second = "")
    {
        if (!_series.TryGetValue((first, second), out var series)) series = Make(first, second);
        series.Record(value);
    }

    public IEnumerable<(string[] Labels, BucketCounts Counts)> Read() =>
        _series.OrderBy(pair => pair.Key.Item1, StringComparer.Ordinal).ThenBy(pair => pair.Key.Item2, StringComparer.Ordinal).Select(pair => (LabelsOf(pair.Key), pair.Value.Read()));

    private string[] LabelsOf((string First, string Second) key) => rule.Labels.Length switch
    {
        0 => [],
        1 => [key.First],
        _ => [key.First, key.Second],
    };

    private Series Make(string first, string second)
    {
        var key = _series.Count < MostSeries ? (first, second) : (MetricPage.Other, rule.Labels.Length > 1 ? MetricPage.Other : "");
        return _series.GetOrAdd(key, of => new Series(rule.Bounds, instrument, [.. rule.Labels.Zip(LabelsOf(of), (name, value) => new KeyValuePair<string, object?>(name, value))]));
    }

    private sealed class Series(double[] bounds, Histogram<double>? instrument, KeyValuePair<string, object?>[] tags)
    {
        private readonly Lock _gate = new();
        private readonly long[] _counts = new long[bounds.Length + 1];
        private double _sum;

        public void Record(double value)
        {
            var bucket = Array.BinarySearch(bounds, value);
            // A bucket holds what is as large as its end, too.
            if (bucket < 0) bucket = ~bucket;
            lock (_gate)
            {
                _counts[bucket]++;
                _sum += value;
            }
            instrument?.Record(value, tags);
        }

        public BucketCounts Read()
        {
            lock (_gate) return new BucketCounts([.. _counts], _sum);
        }
    }
}
