using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Sampling;

/// <summary>
/// Wants frames on which the model in charge and its shadow name different classes. Their labels decide rollouts, so those kept must be a fair
/// draw of all of them: the sampler picks by lot, and the reason stands on a frame only when this lot was what picked it.
/// </summary>
internal static class DisagreementRule
{
    public const string Name = "disagreement";

    public static bool Wants(Prediction prediction, ShadowPrediction? shadow) => shadow is not null && shadow.Prediction.Class != prediction.Class;
}
