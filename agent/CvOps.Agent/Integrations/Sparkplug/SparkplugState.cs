using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Integrations.Sparkplug;

/// <summary>The device at one moment, as Sparkplug names it.</summary>
/// <param name="Node">Metrics of the edge node.</param>
/// <param name="Cameras">Metrics of each camera that is there; one that is lost or finished is not.</param>
internal sealed record SparkplugState(DateTimeOffset At, IReadOnlyList<SparkplugMetric> Node, IReadOnlyDictionary<CameraId, IReadOnlyList<SparkplugMetric>> Cameras)
{
    /// <param name="model">In charge; null before the first.</param>
    public static SparkplugState Of(DeviceHealth health, ModelRef? model, string agentVersion) => new(
        health.At,
        [
            SparkplugMetric.Of("Properties/Agent Version", agentVersion), SparkplugMetric.Of("Properties/Provider", health.Provider),
            SparkplugMetric.Of("Model/Name", model?.Name), SparkplugMetric.Of("Model/Version", model?.Version), SparkplugMetric.Of("Model/Digest", model?.Digest),
            SparkplugMetric.Of("Uptime Seconds", health.UptimeSeconds), SparkplugMetric.Of("Resident Bytes", health.ResidentBytes),
            SparkplugMetric.Of("Spool/Waiting Messages", health.Spool.WaitingMessages), SparkplugMetric.Of("Spool/Evicted Messages", health.Spool.EvictedMessages),
        ],
        health.Cameras.Where(camera => camera.State is not (CameraState.Lost or CameraState.Finished)).ToDictionary(camera => camera.Camera, camera => (IReadOnlyList<SparkplugMetric>)
        [
            SparkplugMetric.Of("State", camera.State.ToString()), SparkplugMetric.Of("Frames Per Second", camera.Fps), SparkplugMetric.Of("Latency P99 Milliseconds", camera.LatencyMsP99),
            SparkplugMetric.Of("Inspections", camera.FramesInspected), SparkplugMetric.Of("Rejects", camera.Rejects ?? 0), SparkplugMetric.Of("Frames Dropped", camera.FramesDropped),
            SparkplugMetric.Of("Inference Errors", camera.InferenceErrors), SparkplugMetric.Of("Last/Class", camera.Last?.Class), SparkplugMetric.Of("Last/Reject", camera.Last?.Reject),
        ]));
}
