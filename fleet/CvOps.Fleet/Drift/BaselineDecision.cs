using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;

namespace CvOps.Fleet.Drift;

/// <param name="Own">The camera's own baseline; null while it is compared with the package's profile.</param>
/// <param name="Settled">It has looked like the profile once under this model: from then on a move is a move.</param>
/// <param name="Evidence">With the newest window in it; none while a baseline is learned.</param>
internal sealed record BaselineAnswer(DriftAnswer Drift, CameraBaseline? Own, bool Settled, CameraEvidence Evidence);

/// <summary>
/// What a camera is compared with. A model's profile mixes all cameras, lights and classes of its training data, and one camera shows a part of
/// that: when it begins under a model unlike the mixture but inside its range, its own first frames become its reference. One that begins outside
/// that range is drift from the first frame, and one that once looked like the mixture keeps it. The mix of classes has no say in where it begins,
/// for training data is balanced by hand. Pure.
/// </summary>
internal static class BaselineDecision
{
    /// <param name="recent">The newest frames, which are decided about.</param>
    /// <param name="newest">The window that just came, alone: what a baseline that is being learned grows by.</param>
    /// <param name="cameras">In the fleet.</param>
    public static BaselineAnswer Decide(
        ReferenceProfile profile, CameraBaseline? own, bool settled, RecentFrames recent, RecentFrames newest, CameraEvidence evidence, int cameras, DriftMemory memory, DriftLimits limits)
    {
        if (own is not null && own.Frames >= limits.BaselineFrames)
        {
            var reference = own.ToReference(profile);
            evidence = evidence.Observe(reference, newest, cameras, limits);
            return Answer(DriftDecision.Decide(reference, recent, evidence, memory, limits), own, settled, evidence, memory);
        }

        if (own is null) evidence = evidence.Observe(profile, newest, cameras, limits);
        var drift = DriftDecision.Decide(profile, recent, own is null ? evidence : evidence.None, memory, limits);
        if (own is null)
        {
            // To learn is no alarm: for it, frames that look unlike the profile now are enough.
            var unlike = drift.Covariates.Any(c => c.Psi >= limits.MovedPsi && c.PValue <= limits.UnlikePValue);
            settled |= drift.Memory.State == DriftState.Stable && !unlike;
            return settled || !unlike || Outside(profile, recent).Count > 0
                ? Answer(drift, null, settled, evidence, memory)
                : Learn(CameraBaseline.Of(recent), drift, evidence, memory, recent);
        }

        // Window by window, so that a lamp which fails meanwhile is not learned along.
        var outside = own.Accepted ? [] : Outside(profile, newest);
        var next = DriftDecision.Advance(memory, outside.Count > 0, outside.Count > 0, recent.To, limits);
        return next.State == DriftState.Stable
            ? Learn(own.Add(newest), drift, evidence, next, recent)
            : new BaselineAnswer(new DriftAnswer(next, [.. drift.Covariates.Select(c => c with { Moved = outside.Contains(c.Covariate) })]), own, settled, evidence.None);
    }

    /// <summary>An alarm that ended takes its evidence along: the next one has to be won anew.</summary>
    private static BaselineAnswer Answer(DriftAnswer drift, CameraBaseline? own, bool settled, CameraEvidence evidence, DriftMemory before) =>
        new(drift, own, settled, before.State == DriftState.Alarm && drift.Memory.State == DriftState.Stable ? evidence.Forget() : evidence);

    /// <summary>
    /// Covariates whose mean lies beyond everything the model was made for: darker than its darkest picture, say. A model that is surer than on its
    /// training data is no harm, and of a profile without a range every covariate is outside: it can't vouch for a camera that differs from it.
    /// Noise, clipping, colour and embedding are the camera's and its compression's own: training pictures that never went through them say nothing of
    /// where they may begin.
    /// </summary>
    private static HashSet<string> Outside(ReferenceProfile profile, RecentFrames seen) =>
    [
        .. seen.Histograms.Where(h => h.Key is Covariates.Brightness or Covariates.Contrast or Covariates.Sharpness or Covariates.Confidence).Where(h => h.Value.Counts.Sum() is var count and > 0 && IsOutside(profile.Histograms[h.Key], h.Key, h.Value.Sum / count)).Select(h => h.Key),
    ];

    private static bool IsOutside(ReferenceHistogram reference, string covariate, double mean) =>
        reference.Least is not { } least || reference.Greatest is not { } greatest || mean < least || (mean > greatest && covariate != Covariates.Confidence);

    private static BaselineAnswer Learn(CameraBaseline own, DriftAnswer drift, CameraEvidence evidence, DriftMemory memory, RecentFrames recent) => new(
        new DriftAnswer(DriftDecision.To(memory, DriftState.Learning, recent.To), [.. drift.Covariates.Select(c => c with { Moved = false })]), own, false, evidence.None);
}
