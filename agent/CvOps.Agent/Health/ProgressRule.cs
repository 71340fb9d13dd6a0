using CvOps.Contracts;

namespace CvOps.Agent.Health;

/// <param name="InHand">Frames of this camera that wait for inference or are on its way.</param>
/// <param name="Finished">Frames that inference is done with, since the agent's start.</param>
internal readonly record struct CameraProgress(CameraId Camera, long InHand, long Finished);

/// <summary>
/// Whether the agent may tell systemd that it lives. What a camera has brought must get done. A camera that brings nothing (connecting, stale,
/// lost, finished, or slow by nature) has an outage that is declared or a rate of its own, and is no reason to restart the agent. Frames that
/// fresher ones displaced are no progress: a live camera's queue goes on displacing when inference stands still.
/// </summary>
internal static class ProgressRule
{
    /// <returns>The cameras of which frames were in hand at the last look and none has been finished since; none means alive.</returns>
    public static IReadOnlyList<CameraId> Stuck(IReadOnlyList<CameraProgress> before, IReadOnlyList<CameraProgress> now) =>
        [.. now.Where(camera => camera.InHand > 0
                && before.Any(old => old.Camera == camera.Camera && old.InHand > 0 && old.Finished == camera.Finished))
            .Select(camera => camera.Camera)];
}
