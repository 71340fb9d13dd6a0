using CvOps.Observability.Metrics;

namespace CvOps.Agent.Health;

/// <summary>A feature that has numbers of its own for <c>/metrics</c>.</summary>
internal interface IMetricsSource
{
    /// <summary>Adds values of <see cref="AgentMetrics"/>. From any thread.</summary>
    void Write(MetricPage page);
}
