using CvOps.Agent.Capture;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Inference;

/// <summary>A model of a verified package, ready to run. <see cref="ModelSlots"/> owns it once it has been handed over.</summary>
internal sealed class LoadedModel(ModelRef reference, ModelSession session, ReferenceProfile? profile) : IDisposable
{
    private readonly Dictionary<CameraId, PreprocessPlan> _plans = [];

    public ModelRef Ref { get; } = reference;

    public ModelManifest Manifest => Session.Manifest;

    public ModelSession Session { get; } = session;

    /// <summary>The world the model was made for; null for a package without a profile.</summary>
    public ReferenceProfile? Profile { get; } = profile;

    /// <summary>The camera's plan, made anew when its picture has another size. Inference thread only.</summary>
    /// <exception cref="ModelException">The manifest's input can't be made of such a picture.</exception>
    internal PreprocessPlan PlanFor(Frame frame)
    {
        var camera = frame.Lane.Camera;
        if (_plans.TryGetValue(camera, out var plan) && plan.Fits(frame.Picture)) return plan;
        return _plans[camera] = PreprocessPlan.Create(Manifest.Input, frame.Width, frame.Height, PixelFormat.I420);
    }

    public void Dispose() => Session.Dispose();
}
