using System.Text.RegularExpressions;
using CvOps.Observability.Metrics;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Observability;

public sealed partial class MetricRulesTests
{
    private static readonly string Reference = TestData.InRepository("deploy", "cloud", "observability", "METRICS.md");

    public static TheoryData<string> Names => [.. AgentMetrics.All.Concat(FleetMetrics.All).Select(rule => rule.Name)];

    /// <summary>https://prometheus.io/docs/practices/naming</summary>
    [Theory, MemberData(nameof(Names))]
    public void A_name_has_its_side_and_its_unit_in_full(string name)
    {
        var rule = AgentMetrics.All.Concat(FleetMetrics.All).Single(rule => rule.Name == name);
        Assert.Matches(Form(), name);
        Assert.Equal(rule.Kind == MetricKind.Counter, name.EndsWith("_total", StringComparison.Ordinal));
        Assert.DoesNotMatch(Abbreviated(), name);
        Assert.EndsWith(".", rule.Help, StringComparison.Ordinal);
        if (rule.Kind == MetricKind.Histogram) Assert.Equal(rule.Bounds.Order(), rule.Bounds);
        Assert.Equal(rule.Kind == MetricKind.Histogram, rule.Bounds.Length > 0);
    }

    /// <summary>A fleet has a hundred thousand devices and a frame every few milliseconds: a label of either would end Prometheus.</summary>
    [Fact]
    public void No_label_of_the_fleet_names_a_device_a_camera_a_frame_or_a_part() =>
        Assert.All(FleetMetrics.All.SelectMany(rule => rule.Labels), label => Assert.Contains(label, new[] { "site", "state", "kind", "level", "severity", "area", "status", "certificate", "version" }));

    [Fact]
    public void The_reference_is_as_the_code_says() =>
        Assert.True(File.ReadAllText(Reference) == MetricsReference.Write(), "There are other metrics than METRICS.md says: 'make metrics-reference' writes it anew.");

    /// <summary>What <c>make metrics-reference</c> runs.</summary>
    [Fact(Explicit = true)]
    public void Writes_what_the_code_says() => File.WriteAllText(Reference, MetricsReference.Write());

    [GeneratedRegex("^cvops_(agent|fleet)_[a-z0-9]+(_[a-z0-9]+)*$")]
    private static partial Regex Form();

    [GeneratedRegex("_(ms|sec|secs|milliseconds|us|mb|kb|gb|mib|pct|num|cnt)(_|$)")]
    private static partial Regex Abbreviated();
}
