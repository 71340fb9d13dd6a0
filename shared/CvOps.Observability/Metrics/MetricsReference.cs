using System.Text;

namespace CvOps.Observability.Metrics;

/// <summary>All metrics as a page to read; it is written from the rules and never by hand.</summary>
public static class MetricsReference
{
    /// <summary>Markdown.</summary>
    public static string Write()
    {
        var text = new StringBuilder("""
            # Metrics

            Written from the code by `make metrics-reference`; a test holds the two together. Names are only added. Counters begin at zero when the program starts; seconds and bytes are plain, never milliseconds or MiB.
            The same instruments go out over OTLP (meters `CvOps.Agent` and `CvOps.Fleet`) where an endpoint is configured.


            """);
        Section(text, "Agent", "`GET /metrics` on the address of `health: listen:`. Labels of cameras, zones and classes are the device's own; Prometheus adds which device it is (`instance`).", AgentMetrics.All);
        Section(text, "Fleet", $"`GET /metrics` with a token. No label ever holds a device, camera, frame or part: a million of them would be a million series. After {FleetMetrics.MostSites} sites the others are counted together as `site=\"other\"`.", FleetMetrics.All);
        return text.ToString();
    }

    private static void Section(StringBuilder text, string title, string introduction, IEnumerable<MetricRule> rules)
    {
        text.Append("## ").Append(title).Append("\n\n").Append(introduction).Append("\n\n| metric | kind | labels | |\n| --- | --- | --- | --- |\n");
        foreach (var rule in rules.OrderBy(rule => rule.Name, StringComparer.Ordinal))
            text.Append("| `").Append(rule.Name).Append("` | ").Append(rule.Kind.ToString().ToLowerInvariant()).Append(" | ").Append(string.Join(", ", rule.Labels.Select(label => $"`{label}`"))).Append(" | ").Append(rule.Help.Replace("|", "\\|")).Append(" |\n");
        text.Append('\n');
    }
}
