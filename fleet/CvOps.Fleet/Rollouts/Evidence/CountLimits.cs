using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>
/// What counts as slow and as unsure on one device: taken from what it showed under its previous model and frozen when the rollout began, so that
/// both sides are held against the same numbers and no report changes them.
/// </summary>
/// <param name="SlowOver">Microseconds of work on a frame; null where nothing is known, and then latency is not counted.</param>
/// <param name="UnsureBelow">Confidence in fixed point (<see cref="ArmCounts.ConfidenceUnit"/>).</param>
internal readonly record struct CountLimits(long? SlowOver, long UnsureBelow)
{
    /// <summary>In a model of any calibration an answer below one half is no answer.</summary>
    public const long Half = ArmCounts.ConfidenceUnit / 2;

    /// <summary>
    /// The time from capture to result that one frame in a hundred was over, on the camera where it was longest: work alone that takes longer than work and
    /// waiting did is slow whatever else the device does.
    /// </summary>
    /// <param name="health">The device's newest before the rollout; null when there is none.</param>
    public static CountLimits Freeze(DeviceHealth? health) => OfLatencies(health?.Cameras.Select(camera => camera.LatencyMsP99) ?? []);

    /// <param name="latencies">Of each camera, milliseconds.</param>
    public static CountLimits OfLatencies(IEnumerable<double> latencies)
    {
        var worst = latencies.Where(double.IsFinite).DefaultIfEmpty(0).Max();
        return new CountLimits(worst > 0 ? Ingest.Inspection.Microseconds(worst) : null, Half);
    }
}
