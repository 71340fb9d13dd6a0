namespace CvOps.Agent.Update;

/// <param name="Frames">Frames the new model was asked about, errors included.</param>
/// <param name="Errors">Frames it gave no prediction for.</param>
/// <param name="InferenceMsP95">95th percentile of its inference time; 0 without frames.</param>
/// <param name="InCharge">Since the swap.</param>
internal readonly record struct SoakEvidence(long Frames, long Errors, double InferenceMsP95, TimeSpan InCharge);

internal enum SoakVerdict { Inconclusive, Passed, Failed }

internal readonly record struct SoakResult(SoakVerdict Verdict, string? Reason);

/// <summary>Whether a model just swapped in may stay. Without frames it says Inconclusive for ever: a silent camera proves nothing.</summary>
internal static class SoakGate
{
    /// <summary>Frames before the latency is judged: the first runs of a session warm caches.</summary>
    private const int LatencyFrames = 20;

    /// <param name="latencyLimitMs">The manifest's limit; null for none.</param>
    public static SoakResult Decide(SoakEvidence seen, UpdateOptions options, double? latencyLimitMs)
    {
        if (seen.Errors > options.SoakErrors)
        {
            return new(SoakVerdict.Failed, $"The new model gave no prediction for {seen.Errors} of its first {seen.Frames} frames; {options.SoakErrors} are allowed.");
        }
        if (latencyLimitMs is { } limit && seen.Frames >= Math.Min(LatencyFrames, options.SoakFrames) && seen.InferenceMsP95 > limit)
        {
            return new(SoakVerdict.Failed, $"Inference took {seen.InferenceMsP95:0.0} ms (95th percentile of {seen.Frames} frames); the model's limit is {limit:0.0} ms.");
        }
        return seen.Frames >= options.SoakFrames && seen.InCharge >= options.Soak
            ? new(SoakVerdict.Passed, null)
            : new(SoakVerdict.Inconclusive, null);
    }
}
