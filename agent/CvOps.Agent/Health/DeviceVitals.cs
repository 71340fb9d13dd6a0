using CvOps.Agent.Actuation;
using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Agent.Update;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Health;

/// <summary>Takes the device's pulse: one health message an interval, and the latest one for the local page.</summary>
/// <param name="actuation">One, or none where nothing is configured.</param>
internal sealed class DeviceVitals(IEnumerable<CameraLoop> cameras, IEnumerable<ActuationLoop> actuation, UpdateLoop update, InferenceLoop inference, SpoolLog spool, TimeProvider time)
{
    private readonly ActuationLoop? _actuation = actuation.FirstOrDefault();
    private readonly long _started = time.GetTimestamp();

    /// <summary>The last health taken; null before the first.</summary>
    public DeviceHealth? Latest { get; private set; }

    /// <summary>Takes the health of the interval that ends now.</summary>
    /// <returns>Without an origin: the spool stamps it.</returns>
    public DeviceHealth Take() => Latest = new DeviceHealth
    {
        Origin = OriginStamp.None,
        At = time.GetUtcNow(),
        UptimeSeconds = time.GetElapsedTime(_started).TotalSeconds,
        ResidentBytes = Environment.WorkingSet,
        Provider = update.Provider,
        Cameras = [.. cameras.Select(camera => camera.TakeHealth())],
        Spool = spool.Health,
        Actuation = _actuation?.Health,
        ShadowFramesShed = inference.ShadowsShed,
    };
}
