using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Sampling;

/// <summary>
/// Wants the frames whose answer is nearly another one: margin sampling (Scheffer, Decomain and Wrobel 2001). For detectors the margin is how
/// far the least sure box lies from the score cut.
/// </summary>
internal static class MarginRule
{
    public const string Name = "margin";

    /// <returns>0..1, more for less sure. A detector that found nothing has nothing to be unsure of: 0.</returns>
    public static double Score(Prediction prediction, ModelTask task) =>
        task == ModelTask.Detection && prediction.Detections.Count == 0 ? 0 : RuleScores.Unit(1 - prediction.Margin);
}
