using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Programs;

/// <param name="Finished">Frames that inference is done with since the program was ready.</param>
internal sealed record CameraOnTrial(string Camera, CameraState State, long Finished);

/// <param name="SinceReady">How long ago the program said READY.</param>
internal sealed record TrialEvidence(TimeSpan SinceReady, bool Link, bool Model, IReadOnlyList<CameraOnTrial> Cameras);

internal enum TrialVerdict { GoesOn, Passed, Failed }

/// <summary>
/// Whether a program on trial is as good as the one before. A camera that is away may be so by chance and says it; that none at all gives frames where some did, or that
/// the link or the model is missing where there was one, is the program's fault until it shows otherwise. Pure.
/// </summary>
internal static class TrialRule
{
    /// <summary>After its soak a program has so long for what is missing yet: brokers and cameras come back by themselves in less.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <returns>The verdict; what is missing, a clause, unless it passed.</returns>
    public static (TrialVerdict Verdict, string? Missing) Decide(ProgramBefore before, TrialEvidence now, TimeSpan soak)
    {
        if (now.SinceReady < soak) return (TrialVerdict.GoesOn, "its soak to be over");
        var missing = Missing(before, now).ToArray();
        if (missing.Length == 0) return (TrialVerdict.Passed, null);
        return (now.SinceReady < soak + Patience ? TrialVerdict.GoesOn : TrialVerdict.Failed, string.Join(", ", missing));
    }

    private static IEnumerable<string> Missing(ProgramBefore before, TrialEvidence now)
    {
        if (before.Model && !now.Model) yield return "a model in charge";
        if (before.Link && !now.Link) yield return "the link to the fleet";
        var gave = now.Cameras.Where(camera => before.Cameras.Contains(camera.Camera)).ToArray();
        foreach (var camera in gave.Where(camera => camera.State == CameraState.Live && camera.Finished == 0)) yield return $"inspected frames of {camera.Camera}";
        if (gave.Length > 0 && gave.All(camera => camera.Finished == 0 && camera.State != CameraState.Live)) yield return "frames of any camera that gave some before";
    }
}
