using CvOps.Agent.Health;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Actuation;

internal sealed partial class ActuationLoop
{
    /// <summary>For the device's health message.</summary>
    public IReadOnlyList<ActuationHealth> Health => [.. _actuators.Values.Select(actuator =>
    {
        var counts = actuator.Reject?.Counts ?? default;
        return new ActuationHealth(actuator.Camera, actuator.Healthy, counts.Triggers, counts.Decided, counts.Missed, counts.Unknown, counts.Ejected, actuator.Reject?.Latest.TotalMilliseconds ?? 0);
    })];

    public void Write(PrometheusText page)
    {
        Each(page, "cvops_agent_actuation_triggers_total", "counter", "Trigger edges that announced a part.", reject => reject.Counts.Triggers);
        Each(page, "cvops_agent_actuation_decided_total", "counter", "Parts whose decision was there when they were due.", reject => reject.Counts.Decided);
        Each(page, "cvops_agent_actuation_deadline_misses_total", "counter", "Parts whose decision came too late or not at all.", reject => reject.Counts.Missed);
        Each(page, "cvops_agent_actuation_no_prediction_total", "counter", "Parts whose frame gave no prediction.", reject => reject.Counts.Unknown);
        Each(page, "cvops_agent_actuation_rejects_total", "counter", "Parts the ejector was driven for.", reject => reject.Counts.Ejected);
        Each(page, "cvops_agent_actuation_stray_frames_total", "counter", "Frames of no announced part.", reject => reject.Counts.Strays);
        Each(page, "cvops_agent_actuation_lateness_max_seconds", "gauge", "The latest ejection after its due time, since the start.", reject => reject.Latest.TotalSeconds);
        Each(page, "cvops_agent_actuation_encoder_counts_total", "counter", "Encoder edges.", reject => reject.Position);
        page.Metric("cvops_agent_actuation_healthy", "gauge", "1 while the outputs say that parts are inspected, 0 at the fail-safe level.");
        foreach (var actuator in _actuators.Values) page.Sample("cvops_agent_actuation_healthy", actuator.Healthy ? 1 : 0, ("camera", actuator.Camera.Value));
    }

    private void Each(PrometheusText page, string name, string type, string help, Func<RejectLoop, double> value)
    {
        page.Metric(name, type, help);
        foreach (var actuator in _actuators.Values)
        {
            if (actuator.Reject is { } reject) page.Sample(name, value(reject), ("camera", actuator.Camera.Value));
        }
    }
}
