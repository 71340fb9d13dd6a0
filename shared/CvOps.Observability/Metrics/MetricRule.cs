namespace CvOps.Observability.Metrics;

/// <summary>Counters only rise until the program starts anew; gauges are as of now; histograms count values by size.</summary>
public enum MetricKind { Counter, Gauge, Histogram }

/// <summary>One metric, as programs that read it know it. Names are only added, never changed: dashboards and alerts of sites hang on them.</summary>
/// <param name="Name">With side and unit: <c>cvops_agent_spool_waiting_bytes</c>; counters end in <c>_total</c>.</param>
/// <param name="Labels">In this order wherever values are given; each takes few values, and never ids of devices, frames or parts at the fleet.</param>
public sealed record MetricRule(string Name, MetricKind Kind, string Help, params string[] Labels)
{
    /// <summary>Units that a name ends with, as UCUM writes them.</summary>
    private static readonly (string Word, string Unit)[] Units =
    [
        ("_bytes", "By"), ("_frames_per_second", "{frame}/s"), ("_seconds", "s"), ("_percent", "%"), ("_ratio", "1"), ("_messages", "{message}"), ("_frames", "{frame}"),
    ];

    /// <summary>Of a histogram: upper ends of its buckets, rising; the last one, infinity, is added by itself.</summary>
    public double[] Bounds { get; init; } = [];

    /// <summary>Null where a plain number is counted.</summary>
    public string? Unit
    {
        get
        {
            var name = Name.EndsWith("_total", StringComparison.Ordinal) ? Name[..^"_total".Length] : Name;
            foreach (var (word, unit) in Units)
                if (name.EndsWith(word, StringComparison.Ordinal)) return unit;
            return null;
        }
    }
}
