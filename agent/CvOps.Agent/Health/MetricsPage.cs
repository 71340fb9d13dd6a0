using CvOps.Agent.Update;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Observability.Metrics;

namespace CvOps.Agent.Health;

/// <summary>The device's health and its features' numbers, as metrics.</summary>
internal sealed class MetricsPage(DeviceVitals vitals, UpdateLoop update, IEnumerable<IMetricsSource> features)
{
    /// <returns>Null before the first health was taken.</returns>
    public MetricPage? Take() => vitals.Latest is { } health ? Of(health, update.Report, features) : null;

    public static MetricPage Of(DeviceHealth health, ReportedModel model, IEnumerable<IMetricsSource> features)
    {
        var page = new MetricPage();
        foreach (var camera in health.Cameras) Camera(page, camera);
        page.Add(AgentMetrics.Uptime, health.UptimeSeconds).Add(AgentMetrics.Resident, health.ResidentBytes).Add(AgentMetrics.ShadowShed, health.ShadowFramesShed);
        Spool(page, health.Spool);
        page.Declare(AgentMetrics.Model);
        if (model.Active is { } active) page.Add(AgentMetrics.Model, 1, active.Name, active.Version, active.Digest, health.Provider);
        page.Add(AgentMetrics.UpdateState, 1, model.State.ToString());
        foreach (var feature in features) feature.Write(page);
        return page;
    }

    private static void Camera(MetricPage page, CameraHealth camera)
    {
        var name = camera.Camera.Value;
        page.Add(AgentMetrics.FramesInspected, camera.FramesInspected, name).Add(AgentMetrics.FramesDropped, camera.FramesDropped, name).Add(AgentMetrics.InferenceErrors, camera.InferenceErrors, name)
            .Add(AgentMetrics.FramesRejected, camera.Rejects ?? 0, name).Add(AgentMetrics.Reconnects, camera.Reconnects, name).Add(AgentMetrics.FramesFrozen, camera.FramesFrozen, name)
            .Add(AgentMetrics.GeometryChanges, camera.GeometryChanges, name).Add(AgentMetrics.StreamDamages, camera.StreamDamages, name).Add(AgentMetrics.FramesPerSecond, camera.Fps, name)
            .Add(AgentMetrics.LatencyP99, camera.LatencyMsP99 / 1000, name).Add(AgentMetrics.CameraLive, camera.State == CameraState.Live ? 1 : 0, name);
    }

    private static void Spool(MetricPage page, SpoolHealth spool)
    {
        page.Add(AgentMetrics.SpoolWaitingMessages, spool.WaitingMessages).Add(AgentMetrics.SpoolWaitingBytes, spool.WaitingBytes).Add(AgentMetrics.SpoolBudget, spool.BudgetBytes)
            .Add(AgentMetrics.SpoolEvicted, spool.EvictedMessages).Add(AgentMetrics.SpoolDeadLetters, spool.DeadLetters).Declare(AgentMetrics.SpoolLost);
        foreach (var of in spool.Classes ?? []) page.Add(AgentMetrics.SpoolClassMessages, of.WaitingMessages, of.Name).Add(AgentMetrics.SpoolClassBytes, of.WaitingBytes, of.Name);
        foreach (var loss in spool.Losses ?? []) page.Add(AgentMetrics.SpoolLost, loss.Messages, loss.Kind?.ToString() ?? MetricPage.Other, loss.Reason.ToString());
    }
}
