using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Health;

/// <param name="Taken">Frames of this camera that inference has taken, inspected or dropped.</param>
internal readonly record struct CameraProgress(CameraId Camera, CameraState State, long Taken);

/// <summary>
/// Whether the agent may tell systemd that it lives. A camera that is live must move; one whose outage is declared (connecting, stale, lost,
/// finished) is a camera's trouble and not a reason to restart the agent.
/// </summary>
internal static class ProgressRule
{
    /// <returns>The cameras that claim to be live and have not moved since the last look; none means alive.</returns>
    public static IReadOnlyList<CameraId> Stuck(IReadOnlyList<CameraProgress> before, IReadOnlyList<CameraProgress> now) =>
        [.. now.Where(camera => camera.State == CameraState.Live
                && before.Any(old => old.Camera == camera.Camera && old.State == CameraState.Live && old.Taken == camera.Taken))
            .Select(camera => camera.Camera)];
}
