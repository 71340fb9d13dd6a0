using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Inference;

/// <summary>A slot of a model, and the shadow report that goes with its prediction: made once, as the prediction is refilled.</summary>
internal sealed class ModelPlace(ModelRef model, ModelSession session, InferenceSlot slot) : IDisposable
{
    private ShadowPrediction? _shadow;

    public ModelSession Session => session;

    public InferenceSlot Slot => slot;

    /// <param name="prediction">The slot's own.</param>
    public ShadowPrediction Shadow(Prediction prediction)
    {
        if (_shadow is null || !ReferenceEquals(_shadow.Prediction, prediction)) _shadow = new ShadowPrediction(model, prediction);
        return _shadow;
    }

    public void Dispose() => slot.Dispose();
}
