using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Inference;

/// <summary>
/// The warm model asked about one frame that the model in charge gave no prediction for: a part is not ejected because a new model stumbled on it.
/// </summary>
internal sealed class StandIn : IDisposable
{
    private readonly ModelPlace _place;

    /// <param name="model">Leased by whoever calls.</param>
    public StandIn(LoadedModel model, PictureView picture, TimeProvider time)
    {
        Model = model;
        _place = model.Rent(1);
        try
        {
            var begun = time.GetTimestamp();
            var plan = model.PlanFor(picture);
            plan.Fill(picture, _place.Slot.Input(0));
            var prepared = time.GetTimestamp();
            _place.Slot.Run();
            PreprocessMs = time.GetElapsedTime(begun, prepared).TotalMilliseconds;
            InferenceMs = time.GetElapsedTime(prepared).TotalMilliseconds;
            if (_place.Slot.TryDecode(plan, 0, out var prediction, out _)) Prediction = prediction;
        }
        catch (ModelException)
        {
            // It can make nothing of the frame either; the frame keeps the first model's reason.
        }
    }

    public LoadedModel Model { get; }

    /// <summary>Valid until this is disposed; null when it has none either.</summary>
    public Prediction? Prediction { get; }

    /// <summary>Valid as long as <see cref="Prediction"/>.</summary>
    public ReadOnlySpan<float> Embedding => _place.Slot.Embedding();

    public double PreprocessMs { get; }

    public double InferenceMs { get; }

    public void Dispose() => Model.Return(_place);
}
