using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Sampling;

/// <summary>Wants classifications whose top class is improbable: least confidence (Lewis and Gale 1994).</summary>
internal static class LeastConfidenceRule
{
    public const string Name = "least-confidence";

    /// <param name="classes">Of the model.</param>
    /// <returns>0 sure, 1 when all classes are as likely. Other tasks have no top class that speaks for the whole frame: 0.</returns>
    public static double Score(Prediction prediction, ModelTask task, int classes) =>
        task != ModelTask.Classification || prediction.Labels is not null || classes < 2 ? 0 : RuleScores.Unit((1 - prediction.Confidence) * classes / (classes - 1));
}
