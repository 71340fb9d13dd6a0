using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Sampling;

/// <summary>Wants the frames about which a model hesitates between many answers (Shannon 1948; Settles 2009, 3.1).</summary>
internal static class EntropyRule
{
    public const string Name = "entropy";

    /// <returns>Entropy over its maximum, 0..1; 0 for detectors, which have none.</returns>
    public static double Score(Prediction prediction) => RuleScores.Unit(prediction.Entropy);
}
