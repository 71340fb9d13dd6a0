using CvOps.Agent.Tests.Health;
using CvOps.Observability.Metrics;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Host;

[Trait("tier", "integration"), Collection("agent process")]
public sealed class AgentScrapeTests
{
    /// <summary>Metrics of features that this device does not have, or of what has not happened.</summary>
    private static readonly string[] Absent = ["cvops_agent_actuation_", "cvops_agent_zone_", "cvops_agent_line_", "cvops_agent_clips_", "cvops_agent_spool_lost_"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_real_Prometheus_reads_an_agent_and_has_nothing_to_say_against_its_metrics()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var agent = await rig.StartInspectingAsync();
        await rig.ArrivedAsync(20, agent);
        var page = await agent.MetricsAsync();
        var samples = PrometheusParser.Parse(page);
        Assert.All(AgentMetrics.All.Where(rule => !Absent.Any(part => rule.Name.StartsWith(part, StringComparison.Ordinal))),
            rule => Assert.Contains(samples, sample => sample.Name == (rule.Kind == MetricKind.Histogram ? rule.Name + "_count" : rule.Name)));
        Assert.Equal("", await PrometheusTools.ComplaintsAsync(page, Token));

        await using var prometheus = await PrometheusServer.StartAsync($"- job_name: cvops-agent\n  static_configs: [{{ targets: ['127.0.0.1:{rig.HealthPort}'] }}]", Token);
        await prometheus.UntilAsync("up", up => up[0].Value == 1, Token);
        Assert.Equal("cam-1", (await prometheus.UntilAsync("cvops_agent_frames_inspected_total > 20", _ => true, Token))[0].Labels["camera"]!.GetValue<string>());
        Assert.Equal(1, (await prometheus.UntilAsync("cvops_agent_link_connected", _ => true, Token))[0].Value);
        Assert.Equal(1, (await prometheus.UntilAsync("cvops_agent_camera_live", _ => true, Token))[0].Value);
        // A run of a tiny model: more than nothing, less than a second.
        Assert.InRange((await prometheus.UntilAsync("histogram_quantile(0.5, rate(cvops_agent_inference_seconds_bucket[1m]))", it => it[0].Value > 0, Token))[0].Value, 1e-6, 1);
        Assert.Equal("v1", (await prometheus.UntilAsync("cvops_agent_model_info", _ => true, Token))[0].Labels["version"]!.GetValue<string>());
    }
}
