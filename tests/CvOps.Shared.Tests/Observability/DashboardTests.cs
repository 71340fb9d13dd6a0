using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CvOps.Observability.Metrics;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Observability;

/// <summary>Dashboards, alert rules and runbook, held against the metrics that there are and against Prometheus' own tool.</summary>
public sealed partial class DashboardTests
{
    private static readonly string Folder = TestData.InRepository("deploy", "cloud", "observability");
    private static readonly string Runbook = TestData.InRepository("deploy", "cloud", "RUNBOOK.md");
    private static readonly Dictionary<string, MetricRule> Known = AgentMetrics.All.Concat(FleetMetrics.All).ToDictionary(rule => rule.Name);

    /// <summary>Made by Prometheus itself.</summary>
    private static readonly string[] Everywhere = ["job", "instance", "le"];

    private static readonly string[] RuleTests = [Path.Combine(Folder, "rules_test.yaml"), Path.Combine(Folder, "rules_test_days.yaml")];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Dashboards => [.. Directory.EnumerateFiles(Path.Combine(Folder, "dashboards"), "*.json").Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Dashboards))]
    public void A_dashboard_asks_for_metrics_and_labels_that_there_are(string file)
    {
        var dashboard = Read(file);
        Assert.NotEmpty(dashboard["description"]!.GetValue<string>());
        var panels = dashboard["panels"]!.AsArray();
        Assert.Equal(panels.Count, panels.Select(panel => panel!["id"]!.GetValue<int>()).Distinct().Count());
        Assert.All(panels, panel =>
        {
            Assert.NotEmpty(panel!["title"]!.GetValue<string>());
            Assert.NotEmpty(panel["description"]!.GetValue<string>());
            Assert.Equal("${datasource}", panel["datasource"]!["uid"]!.GetValue<string>());
        });
        Assert.All(Queries(dashboard), query => Assert.Equal([], Mistakes(query)));
        Assert.All(Variables(dashboard), variable =>
        {
            var parts = LabelValues().Match(variable);
            Assert.True(parts.Success, variable);
            Assert.Equal([], Mistakes(parts.Groups["metric"].Value));
            var name = MetricName().Match(parts.Groups["metric"].Value).Value;
            Assert.Contains(parts.Groups["label"].Value, Known[name].Labels.Concat(Everywhere));
        });
        // Panels do not lie on each other, and none sticks out.
        var places = panels.Select(panel => panel!["gridPos"]!).Select(at => (X: at["x"]!.GetValue<int>(), Y: at["y"]!.GetValue<int>(), W: at["w"]!.GetValue<int>(), H: at["h"]!.GetValue<int>())).ToArray();
        Assert.All(places, place => Assert.InRange(place.X + place.W, 1, 24));
        Assert.All(places, a => Assert.Single(places, b => a.X < b.X + b.W && b.X < a.X + a.W && a.Y < b.Y + b.H && b.Y < a.Y + a.H));
    }

    [Fact]
    public void There_are_dashboards_for_fleet_sites_rollouts_ingest_and_agents_each_under_an_id_of_its_own()
    {
        Assert.Equal(["agent.json", "fleet.json", "ingest.json", "rollouts.json", "sites.json"], Dashboards.Select(row => row.Data));
        Assert.Equal(5, Dashboards.Select(row => Read(row.Data)["uid"]!.GetValue<string>()).Distinct().Count());
    }

    [Fact]
    public async Task Prometheus_can_read_each_query_of_each_dashboard()
    {
        using var folder = new TestFolder();
        var rules = new List<string>();
        foreach (var row in Dashboards)
            foreach (var query in Queries(Read(row.Data)))
                rules.Add($"  - {{ record: 'check:q{rules.Count}', expr: '{Plain(query).Replace("'", "''", StringComparison.Ordinal)}' }}");
        await File.WriteAllTextAsync(folder["queries.yml"], $"groups:\n- name: dashboards\n  rules:\n{string.Join('\n', rules)}\n", Ct);
        var (code, said) = await PrometheusTools.RunAsync(["check", "rules", folder["queries.yml"]], Ct);
        Assert.True(code == 0, said);
        Assert.Contains($"{rules.Count} rules found", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Alerts_ask_for_metrics_that_there_are_and_the_runbook_has_an_entry_for_each_and_for_no_other()
    {
        var rules = File.ReadAllText(Path.Combine(Folder, "rules.yaml"));
        Assert.All(Expression().Matches(rules), match => Assert.Equal([], Mistakes(match.Groups[1].Value.Replace("''", "'", StringComparison.Ordinal))));
        var alerts = Alert().Matches(rules).Select(match => match.Groups[1].Value).ToArray();
        Assert.True(alerts.Length > 30);
        Assert.Equal(alerts.Length, alerts.Distinct().Count());
        Assert.Equal(alerts.Select(name => $"deploy/cloud/RUNBOOK.md#{name.ToLowerInvariant()}"), RunbookUrl().Matches(rules).Select(match => match.Groups[1].Value));
        var runbook = File.ReadAllText(Runbook);
        Assert.Equal(alerts, Entry().Matches(runbook).Select(match => match.Groups[1].Value));
        // What it means, and what to do.
        Assert.All(Entry().Split(runbook).Skip(1).Chunk(2), entry => Assert.Contains("\n1. ", entry[1], StringComparison.Ordinal));
        var tests = string.Concat(RuleTests.Select(File.ReadAllText));
        Assert.All(alerts, name => Assert.True(tests.Contains($"name: {name} fires", StringComparison.Ordinal) && tests.Contains($"name: {name} is quiet", StringComparison.Ordinal), $"{name} has no test of both sides."));
    }

    [Fact]
    public async Task Each_alert_fires_on_what_it_is_for_and_is_quiet_where_all_is_well()
    {
        var (code, said) = await PrometheusTools.RunAsync(["test", "rules", .. RuleTests], Ct);
        Assert.True(code == 0, said);
    }

    [Fact]
    public async Task The_configuration_of_Prometheus_is_sound()
    {
        using var folder = new TestFolder();
        foreach (var file in new[] { "rules.yaml", "prometheus.yml" })
        {
            // The token lies where the installation puts it.
            var text = (await File.ReadAllTextAsync(Path.Combine(Folder, file), Ct)).Replace("/etc/prometheus/cvops-metrics.token", folder["token"], StringComparison.Ordinal);
            await File.WriteAllTextAsync(folder[file], text, Ct);
        }
        Directory.CreateDirectory(folder["agents"]);
        File.Copy(Path.Combine(Folder, "agents", "example.yml"), Path.Combine(folder["agents"], "example.yml"));
        await File.WriteAllTextAsync(folder["token"], "cvops_metrics_0", Ct);
        var (code, said) = await PrometheusTools.RunAsync(["check", "config", folder["prometheus.yml"]], Ct);
        Assert.True(code == 0, said);
        Assert.Contains("SUCCESS", said, StringComparison.Ordinal);
    }

    /// <summary>Names and labels in a query that nobody gives.</summary>
    private static IEnumerable<string> Mistakes(string query)
    {
        var names = MetricName().Matches(query).Select(match => match.Value).ToArray();
        var labels = new HashSet<string>(Everywhere);
        foreach (var name in names)
        {
            if (Find(name) is not { } rule) yield return $"There is no metric {name}.";
            else labels.UnionWith(rule.Labels);
        }
        if (names.Length == 0) yield break;
        foreach (var label in Matcher().Matches(query).Select(match => match.Groups[1].Value).Concat(Grouping().Matches(query).SelectMany(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))))
            if (!labels.Contains(label)) yield return $"No metric of this query has the label {label}: {query}";
    }

    private static MetricRule? Find(string name)
    {
        if (Known.TryGetValue(name, out var rule)) return rule.Kind == MetricKind.Histogram ? null : rule;
        var whole = HistogramPart().Replace(name, "");
        return whole != name && Known.TryGetValue(whole, out rule) && rule.Kind == MetricKind.Histogram ? rule : null;
    }

    private static JsonNode Read(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "dashboards", file)))!;

    private static IEnumerable<string> Queries(JsonNode dashboard) => dashboard["panels"]!.AsArray().SelectMany(panel => panel!["targets"]!.AsArray()).Select(target => target!["expr"]!.GetValue<string>());

    private static IEnumerable<string> Variables(JsonNode dashboard) =>
        dashboard["templating"]!["list"]!.AsArray().Where(it => it!["type"]!.GetValue<string>() == "query").Select(it => it!["definition"]!.GetValue<string>());

    /// <summary>As Grafana would send it.</summary>
    private static string Plain(string query) => Variable().Replace(query.Replace("$__rate_interval", "5m", StringComparison.Ordinal), ".*");

    [GeneratedRegex("cvops_[a-z0-9_]+")]
    private static partial Regex MetricName();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramPart();

    [GeneratedRegex("""[{,]\s*([a-z_]+)\s*(?:=~|!~|!=|=)\s*["']""")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\b(?:by|on|without)\s*\(([a-z_, ]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"^label_values\((?<metric>.+), (?<label>[a-z_]+)\)$")]
    private static partial Regex LabelValues();

    [GeneratedRegex(@"\$[a-z]+")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^ +expr: '(.*)'$", RegexOptions.Multiline)]
    private static partial Regex Expression();

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex(@"runbook_url: (\S+)")]
    private static partial Regex RunbookUrl();

    [GeneratedRegex(@"^## (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Entry();
}
