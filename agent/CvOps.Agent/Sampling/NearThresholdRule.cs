namespace CvOps.Agent.Sampling;

/// <summary>
/// Wants the frames in which a detector nearly saw one thing more. Candidates are looked at before the score cut and before suppression; those that
/// lie on a box above the cut are part of it and do not count.
/// </summary>
internal static class NearThresholdRule
{
    public const string Name = "near-threshold";

    /// <summary>How far below the cut a box still counts.</summary>
    public const double Band = 0.1;

    /// <param name="nearCut">Score of the surest box below the cut; 0 for none.</param>
    /// <returns>1 at the cut, 0 at the band's end.</returns>
    public static double Score(double nearCut, double cut) => nearCut > 0 ? RuleScores.Unit(1 - (cut - nearCut) / Band) : 0;
}
