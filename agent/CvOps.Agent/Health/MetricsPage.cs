using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Health;

/// <summary>The device's health and its features' numbers as Prometheus metrics.</summary>
internal static class MetricsPage
{
    public static string Write(DeviceHealth health, ReportedModel model, IEnumerable<IMetricsSource> features)
    {
        var page = new PrometheusText();
        Each(page, health, "cvops_agent_frames_inspected_total", "counter", "Frames with a prediction since the agent's start.", camera => camera.FramesInspected);
        Each(page, health, "cvops_agent_frames_dropped_total", "counter", "Frames given up for fresher ones since the agent's start.", camera => camera.FramesDropped);
        Each(page, health, "cvops_agent_inference_errors_total", "counter", "Frames without a prediction since the agent's start.", camera => camera.InferenceErrors);
        Each(page, health, "cvops_agent_camera_reconnects_total", "counter", "Connections after the first.", camera => camera.Reconnects);
        Each(page, health, "cvops_agent_frames_frozen_total", "counter", "Frames not inspected because the picture stood still or repeated itself.", camera => camera.FramesFrozen);
        Each(page, health, "cvops_agent_camera_geometry_changes_total", "counter", "Changes of the pictures' size.", camera => camera.GeometryChanges);
        Each(page, health, "cvops_agent_stream_damages_total", "counter", "Lost packets and broken pictures that the decoder lived with.", camera => camera.StreamDamages);
        Each(page, health, "cvops_agent_camera_frames_per_second", "gauge", "Frames inspected a second over the last interval.", camera => camera.Fps);
        Each(page, health, "cvops_agent_latency_p99_seconds", "gauge", "Capture to result, 99th percentile over the last interval.", camera => camera.LatencyMsP99 / 1000);
        Each(page, health, "cvops_agent_camera_live", "gauge", "1 when the camera sends frames.", camera => camera.State == CameraState.Live ? 1 : 0);
        One(page, "cvops_agent_uptime_seconds", "gauge", "Since the agent's start.", health.UptimeSeconds);
        One(page, "cvops_agent_resident_bytes", "gauge", "Resident memory.", health.ResidentBytes);
        One(page, "cvops_agent_shadow_frames_shed_total", "counter", "Frames that the challenger was not asked about for want of time.", health.ShadowFramesShed);
        One(page, "cvops_agent_spool_waiting_messages", "gauge", "Messages on disk that the broker has not acknowledged.", health.Spool.WaitingMessages);
        One(page, "cvops_agent_spool_waiting_bytes", "gauge", "Their size on disk.", health.Spool.WaitingBytes);
        One(page, "cvops_agent_spool_budget_bytes", "gauge", "What the spool may take of the disk.", health.Spool.BudgetBytes);
        One(page, "cvops_agent_spool_evicted_messages_total", "counter", "Messages given up for want of room.", health.Spool.EvictedMessages);
        One(page, "cvops_agent_spool_dead_letters_total", "counter", "Messages set aside with their reason.", health.Spool.DeadLetters);
        Classes(page, health, "cvops_agent_spool_class_waiting_messages", "Messages of a class that the broker has not acknowledged.", it => it.WaitingMessages);
        Classes(page, health, "cvops_agent_spool_class_waiting_bytes", "Their size on disk.", it => it.WaitingBytes);
        page.Metric("cvops_agent_spool_lost_messages_total", "counter", "Messages given up, by what they carry and why: budget, expired or disk.");
        foreach (var loss in health.Spool.Losses ?? [])
            page.Sample("cvops_agent_spool_lost_messages_total", loss.Messages, ("kind", loss.Kind?.ToString() ?? "other"), ("reason", loss.Reason.ToString()));
        page.Metric("cvops_agent_model_info", "gauge", "1 for the model in charge.");
        if (model.Active is { } active)
        {
            page.Sample("cvops_agent_model_info", 1, ("name", active.Name), ("version", active.Version), ("digest", active.Digest), ("provider", health.Provider));
        }
        page.Metric("cvops_agent_update_state", "gauge", "1 for the state of the model update.").Sample("cvops_agent_update_state", 1, ("state", model.State.ToString()));
        foreach (var feature in features) feature.Write(page);
        return page.ToString();
    }

    private static void One(PrometheusText page, string name, string type, string help, double value) => page.Metric(name, type, help).Sample(name, value);

    private static void Classes(PrometheusText page, DeviceHealth health, string name, string help, Func<SpoolClassHealth, double> value)
    {
        page.Metric(name, "gauge", help);
        foreach (var it in health.Spool.Classes ?? []) page.Sample(name, value(it), ("class", it.Name));
    }

    private static void Each(PrometheusText page, DeviceHealth health, string name, string type, string help, Func<CameraHealth, double> value)
    {
        page.Metric(name, type, help);
        foreach (var camera in health.Cameras) page.Sample(name, value(camera), ("camera", camera.Camera.Value));
    }
}
