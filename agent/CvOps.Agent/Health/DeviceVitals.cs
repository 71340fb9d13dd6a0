using CvOps.Agent.Capture;
using CvOps.Agent.Update;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Health;

/// <summary>Takes the device's pulse: one health message an interval, and the latest one for the local page.</summary>
/// <param name="spool">What the spool says of itself.</param>
internal sealed class DeviceVitals(IEnumerable<CameraLoop> cameras, UpdateLoop update, Func<SpoolHealth> spool, TimeProvider time)
{
    private readonly CameraLoop[] _cameras = [.. cameras];
    private readonly long _started = time.GetTimestamp();

    /// <summary>The last health taken; null before the first.</summary>
    public DeviceHealth? Latest { get; private set; }

    /// <summary>Takes the health of the interval that ends now.</summary>
    /// <param name="origin">Stamped on the message; the spool may stamp its own.</param>
    public DeviceHealth Take(Origin origin) => Latest = new DeviceHealth
    {
        Origin = origin,
        At = time.GetUtcNow(),
        UptimeSeconds = time.GetElapsedTime(_started).TotalSeconds,
        ResidentBytes = Environment.WorkingSet,
        Provider = update.Provider,
        Cameras = [.. _cameras.Select(camera => camera.TakeHealth())],
        Spool = spool(),
    };
}
