using CvOps.Contracts;

namespace CvOps.Agent.Configuration.Remote;

/// <summary>A camera before the change and after it.</summary>
/// <param name="Before">Frames a second.</param>
/// <param name="Now">Frames a second in the last <see cref="ConfigurationTimes.Measure"/>.</param>
/// <param name="Rate">What its options ask for; null when they ask for none.</param>
/// <param name="Connect">How long it may take until its first frame.</param>
internal readonly record struct CameraSeen(CameraId Camera, double Before, double Now, double? Rate, TimeSpan Connect);

/// <summary>Whether a configuration may stay: every camera that gave frames before gives them still. Pure.</summary>
internal static class ConfigurationGate
{
    /// <summary>Of the frames a second there were before, or of those asked for now where that is less.</summary>
    private const double Collapse = 0.5;

    /// <param name="watched">Since the change.</param>
    /// <returns>Passed null and Reason null: not known yet.</returns>
    public static (bool? Passed, string? Reason) Decide(IReadOnlyList<CameraSeen> cameras, TimeSpan watched, ConfigurationTimes times)
    {
        if (watched < times.Soak) return (null, null);
        foreach (var camera in cameras)
        {
            var expected = Math.Min(camera.Before, camera.Rate ?? double.PositiveInfinity);
            if (expected <= 0 || camera.Now >= Collapse * expected) continue;
            if (watched < camera.Connect + times.Patience) return (null, null);
            return (false, $"Camera {camera.Camera} gave {camera.Before:0.0} frames a second before and gives {camera.Now:0.0} after {watched.TotalSeconds:0} s with this configuration; at least {Collapse * expected:0.0} are expected.");
        }
        return (true, null);
    }
}
