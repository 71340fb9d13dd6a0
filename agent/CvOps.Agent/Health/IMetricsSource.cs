namespace CvOps.Agent.Health;

/// <summary>A feature that has numbers of its own for <c>/metrics</c>.</summary>
internal interface IMetricsSource
{
    /// <summary>Adds metrics with their samples; names begin with <c>cvops_agent_</c>. From any thread.</summary>
    void Write(PrometheusText page);
}
