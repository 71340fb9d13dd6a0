namespace CvOps.Agent.Sampling;

/// <summary>Wants the frames of classes that this device seldom sees: of the common ones there are labels enough.</summary>
internal static class RareClassRule
{
    public const string Name = "rare-class";

    /// <param name="ofClass">Frames of this class so far, without this one.</param>
    /// <param name="total">Frames so far.</param>
    /// <param name="classes">Of the model.</param>
    /// <returns>0 for a class that has its equal share or more, towards 1 for one that was hardly ever seen; while little was seen, little is rare.</returns>
    public static double Score(long ofClass, long total, int classes) =>
        classes < 2 ? 0 : RuleScores.Unit(1 - (ofClass + 1.0) * classes / (total + classes));
}
