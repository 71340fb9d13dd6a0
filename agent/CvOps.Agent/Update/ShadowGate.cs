namespace CvOps.Agent.Update;

/// <summary>Whether a challenger has been seen enough to be swapped in, and well enough. Pure; judges by the soak's rules.</summary>
internal static class ShadowGate
{
    /// <param name="seen">Of the challenger.</param>
    /// <param name="frames">Frames the line inspected meanwhile, with the challenger or without.</param>
    /// <param name="sinceFirst">Since the first of them.</param>
    /// <param name="latencyLimitMs">The manifest's limit; null for none.</param>
    /// <returns>Passed with a reason: with less than was asked for, and why.</returns>
    public static SoakResult Decide(SoakEvidence seen, long frames, TimeSpan sinceFirst, UpdateOptions options, double? latencyLimitMs)
    {
        var result = SoakGate.Decide(seen, options with { SoakFrames = options.ShadowFrames, Soak = TimeSpan.Zero }, latencyLimitMs);
        if (result.Verdict == SoakVerdict.Failed) return result with { Reason = $"Beside the model in charge: {result.Reason}" };
        if (result.Verdict == SoakVerdict.Passed) return result;
        return frames > 0 && sinceFirst >= options.ShadowLimit
            ? new(SoakVerdict.Passed, $"in {sinceFirst.TotalSeconds:0} s the line left it time for {seen.Frames} of {frames} frames; {options.ShadowFrames} were asked for.")
            : result;
    }
}
