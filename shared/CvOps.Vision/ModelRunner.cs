using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision;

/// <param name="Embedding">A copy; empty when the model has none.</param>
public sealed record RunnerResult(Prediction Prediction, float[] Embedding, FrameStatistics Statistics);

/// <summary>A model over single pictures of any size, for offline work: gates, profiles, training. One thread at a time.</summary>
public sealed class ModelRunner : IDisposable
{
    private readonly ModelSession _session;
    private PreprocessPlan? _plan;

    private ModelRunner(ModelSession session) => _session = session;

    /// <exception cref="ModelException">The model and its manifest don't fit.</exception>
    public static ModelRunner Open(ReadOnlyMemory<byte> onnx, ModelManifest manifest, SessionSettings settings) =>
        new(ModelSession.Open(onnx, manifest, settings));

    public ModelSession Session => _session;

    /// <exception cref="ModelException">Inference failed, or an output is NaN or infinite.</exception>
    public RunnerResult Infer(PictureView picture)
    {
        if (_plan is null || !_plan.Fits(picture)) _plan = PreprocessPlan.Create(_session.Manifest.Input, picture.Width, picture.Height, picture.Format, picture.Colour);
        _plan.Fill(picture, _session.Own.Input(0));
        _session.Own.Run();
        return new RunnerResult(_session.Decode(_plan), _session.Embedding.ToArray(), FrameStatistics.Measure(picture));
    }

    public void Dispose() => _session.Dispose();
}
