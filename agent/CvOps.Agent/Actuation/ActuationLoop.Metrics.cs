using CvOps.Contracts.Telemetry;
using CvOps.Observability.Metrics;

namespace CvOps.Agent.Actuation;

internal sealed partial class ActuationLoop
{
    /// <summary>For the device's health message.</summary>
    public IReadOnlyList<ActuationHealth> Health => [.. _actuators.Values.Select(actuator =>
    {
        var counts = actuator.Reject?.Counts ?? default;
        return new ActuationHealth(actuator.Camera, actuator.Healthy, counts.Triggers, counts.Decided, counts.Missed, counts.Unknown, counts.Ejected, actuator.Reject?.Latest.TotalMilliseconds ?? 0);
    })];

    public void Write(MetricPage page)
    {
        Each(page, AgentMetrics.ActuationTriggers, reject => reject.Counts.Triggers);
        Each(page, AgentMetrics.ActuationDecided, reject => reject.Counts.Decided);
        Each(page, AgentMetrics.ActuationMissed, reject => reject.Counts.Missed);
        Each(page, AgentMetrics.ActuationUnknown, reject => reject.Counts.Unknown);
        Each(page, AgentMetrics.ActuationRejects, reject => reject.Counts.Ejected);
        Each(page, AgentMetrics.ActuationStrays, reject => reject.Counts.Strays);
        Each(page, AgentMetrics.ActuationLateness, reject => reject.Latest.TotalSeconds);
        Each(page, AgentMetrics.ActuationEncoder, reject => reject.Position);
        page.Declare(AgentMetrics.ActuationHealthy);
        foreach (var actuator in _actuators.Values) page.Add(AgentMetrics.ActuationHealthy, actuator.Healthy ? 1 : 0, actuator.Camera.Value);
    }

    private void Each(MetricPage page, MetricRule rule, Func<RejectLoop, double> value)
    {
        page.Declare(rule);
        foreach (var actuator in _actuators.Values)
        {
            if (actuator.Reject is { } reject) page.Add(rule, value(reject), actuator.Camera.Value);
        }
    }
}
