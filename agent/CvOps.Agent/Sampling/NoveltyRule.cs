namespace CvOps.Agent.Sampling;

/// <summary>Wants the frames that are unlike what the model was made from and unlike what was sent already, by their embedding.</summary>
internal static class NoveltyRule
{
    public const string Name = "novelty";

    // In standard deviations of the reference, whose own frames lie about 1 from its mean.
    private const double Ordinary = 1.5;
    private const double Strange = 3;

    /// <param name="distance">From the package's reference in standard deviations; NaN where there is no reference: the rule abstains.</param>
    /// <returns>0 up to 1.5, rising to 1 at 3.</returns>
    public static double AgainstReference(double distance) => RuleScores.Unit((distance - Ordinary) / (Strange - Ordinary));

    /// <param name="nearest">Cosine distance to the nearest frame sent lately; NaN when none was: the rule abstains.</param>
    /// <param name="typical">What that distance usually is.</param>
    /// <returns>0 for one that was sent, 1/2 at the typical distance, towards 1.</returns>
    public static double AgainstSent(double nearest, double typical) => typical > 0 ? RuleScores.Unit(1 - Math.Exp(-Math.Log(2) * nearest / typical * (nearest / typical))) : 0;
}
