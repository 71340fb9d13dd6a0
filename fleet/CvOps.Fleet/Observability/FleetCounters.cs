using CvOps.Contracts;
using CvOps.Fleet.Ingest;
using CvOps.Observability.Metrics;

namespace CvOps.Fleet.Observability;

/// <summary>What this process counts as it works. Any thread; a message costs a handful of additions.</summary>
internal sealed class FleetCounters(MetricMeter meter, TimeProvider time)
{
    private static readonly TopicKind[] Kinds = Enum.GetValues<TopicKind>();

    private readonly MetricHistogram _lag = meter.Histogram(FleetMetrics.IngestLag);
    private readonly BoundedNames _names = new(FleetMetrics.MostSites);
    private readonly Lock _gate = new();
    private readonly long[] _messages = new long[Kinds.Length + 1];         // the last is for what could not be read
    private readonly Dictionary<string, SiteTally> _sites = new(StringComparer.Ordinal);
    private long _duplicates, _refused, _writeErrors, _gaugeErrors;

    public MetricHistogram Commit { get; } = meter.Histogram(FleetMetrics.IngestCommit);

    public MetricHistogram Tell { get; } = meter.Histogram(FleetMetrics.IngestTell);

    public MetricHistogram DatabaseWrite { get; } = meter.Histogram(FleetMetrics.DatabaseWrite);

    public MetricHistogram Http { get; } = meter.Histogram(FleetMetrics.HttpSeconds);

    /// <summary>A batch is durable, each message in its place or set aside.</summary>
    public void TakenIn(IReadOnlyList<Message> batch)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            foreach (var message in batch) _messages[message.Topic is { Kind: var kind } ? (int)kind : Kinds.Length]++;
        }
        foreach (var message in batch)
        {
            // A device's clock may be ahead.
            if (message.Body is Inspection inspection) _lag.Record(Math.Max(0, (now - inspection.CapturedAt).TotalSeconds));
        }
    }

    /// <summary>What a commit applied: repetitions are not in the sites' counts.</summary>
    /// <param name="refused">Messages set aside.</param>
    public void Applied(IEnumerable<(string Site, SiteTally Tally)> devices, int refused)
    {
        lock (_gate)
        {
            _refused += refused;
            foreach (var (site, tally) in devices)
            {
                _duplicates += tally.Duplicates;
                if (tally.Inspections == 0) continue;
                var name = _names.Of(site);
                _sites[name] = _sites.GetValueOrDefault(name) + tally;
            }
        }
    }

    public void WriteFailed() => Interlocked.Increment(ref _writeErrors);

    public void GaugeFailed() => Interlocked.Increment(ref _gaugeErrors);

    public void Write(MetricPage page)
    {
        lock (_gate)
        {
            foreach (var kind in Kinds)
                if (_messages[(int)kind] > 0) page.Add(FleetMetrics.IngestMessages, _messages[(int)kind], kind.ToString().ToLowerInvariant());
            page.Add(FleetMetrics.IngestMessages, _messages[^1], "unreadable").Add(FleetMetrics.IngestDuplicates, _duplicates).Add(FleetMetrics.IngestRefused, _refused)
                .Declare(FleetMetrics.Inspections).Declare(FleetMetrics.Rejects).Declare(FleetMetrics.InspectionErrors);
            foreach (var (site, tally) in _sites)
                page.Add(FleetMetrics.Inspections, tally.Inspections, site).Add(FleetMetrics.Rejects, tally.Rejects, site).Add(FleetMetrics.InspectionErrors, tally.Errors, site);
        }
        page.Add(FleetMetrics.DatabaseErrors, Interlocked.Read(ref _writeErrors)).Add(FleetMetrics.GaugesFailed, Interlocked.Read(ref _gaugeErrors));
        page.Add(_lag).Add(Commit).Add(Tell).Add(DatabaseWrite).Add(Http);
    }
}

/// <summary>Of one device in one batch, or of a site since the start.</summary>
internal readonly record struct SiteTally(long Inspections, long Rejects, long Errors, long Duplicates)
{
    public static SiteTally operator +(SiteTally a, SiteTally b) => new(a.Inspections + b.Inspections, a.Rejects + b.Rejects, a.Errors + b.Errors, a.Duplicates + b.Duplicates);
}
