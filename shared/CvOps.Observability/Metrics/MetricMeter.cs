using System.Diagnostics.Metrics;

namespace CvOps.Observability.Metrics;

/// <summary>
/// A side's metrics as instruments of one <see cref="Meter"/>, under the names that Prometheus reads: what OpenTelemetry, dotnet-counters and a scrape see is the same. Counters and
/// gauges are asked for when somebody collects; histograms are recorded.
/// </summary>
public sealed class MetricMeter : IDisposable
{
    /// <summary>A collection asks once for each metric: all of them see the same page.</summary>
    private static readonly TimeSpan PageIsNew = TimeSpan.FromSeconds(1);

    private readonly Meter _meter;
    private readonly Func<MetricPage> _take;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, MetricHistogram> _histograms = [];
    private (long At, MetricPage Page)? _newest;

    /// <param name="take">Every counter and gauge as of now. From any thread, one at a time.</param>
    public MetricMeter(string name, string version, IEnumerable<MetricRule> rules, Func<MetricPage> take, TimeProvider time)
    {
        (_meter, _take, _time) = (new Meter(name, version), take, time);
        foreach (var rule in rules)
        {
            switch (rule.Kind)
            {
                case MetricKind.Counter: _meter.CreateObservableCounter(rule.Name, () => Observe(rule), rule.Unit, rule.Help); break;
                case MetricKind.Gauge: _meter.CreateObservableGauge(rule.Name, () => Observe(rule), rule.Unit, rule.Help); break;
                default:
                    _histograms.Add(rule.Name, new MetricHistogram(rule, _meter.CreateHistogram(rule.Name, rule.Unit, rule.Help, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = rule.Bounds })));
                    break;
            }
        }
    }

    public MetricHistogram Histogram(MetricRule rule) => _histograms[rule.Name];

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<double>> Observe(MetricRule rule) =>
        Page().Of(rule).Select(it => new Measurement<double>(it.Value, rule.Labels.Zip(it.Labels, (name, value) => new KeyValuePair<string, object?>(name, value))));

    private MetricPage Page()
    {
        lock (_gate)
        {
            if (_newest is { } newest && _time.GetElapsedTime(newest.At) < PageIsNew) return newest.Page;
            var page = _take();
            _newest = (_time.GetTimestamp(), page);
            return page;
        }
    }
}
