namespace CvOps.Agent.Sampling;

/// <summary>Wants the frames with more or fewer boxes than there should be.</summary>
internal static class DetectionCountRule
{
    public const string Name = "detection-count";

    /// <param name="least">Fewest boxes of an ordinary frame; null for any.</param>
    /// <param name="most">Most boxes of an ordinary frame; null for any.</param>
    /// <returns>0 within, 1/2 for one box off, 2/3 for two, towards 1.</returns>
    public static double Score(int count, double? least, double? most)
    {
        var off = Math.Max(least - count ?? 0, count - most ?? 0);
        return off > 0 ? RuleScores.Unit(off / (off + 1)) : 0;
    }
}
