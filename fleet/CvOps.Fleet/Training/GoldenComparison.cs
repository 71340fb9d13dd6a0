using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Models;
using CvOps.Vision;

namespace CvOps.Fleet.Training;

/// <summary>Runs two registered models over the golden set, one comparison at a time, and lets <see cref="PromotionGate"/> judge.</summary>
internal sealed class GoldenComparison(ModelRegistry models, FrameStore frames, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <returns>The verdict, recorded with the challenger; null when a model is not registered.</returns>
    /// <exception cref="ModelException">A model does not open here.</exception>
    public async Task<GateResult?> CompareAsync(string challenger, GateRequest request, CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            if (await models.OpenAsync(request.Champion, cancel) is not { } old || await models.OpenAsync(challenger, cancel) is not { } young) return null;
            var outcomes = await RunAsync(old, young, cancel);
            var result = PromotionGate.Decide(request.Champion, challenger, outcomes, request.NonInferiorityMargin, time.GetUtcNow());
            await models.RecordGateAsync(challenger, result, cancel);
            return result;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<List<GoldenOutcome>> RunAsync(ModelPackage champion, ModelPackage challenger, CancellationToken cancel)
    {
        var outcomes = new List<GoldenOutcome>();
        using var old = ModelRunner.Open(champion.Onnx, champion.Manifest, new SessionSettings());
        using var young = ModelRunner.Open(challenger.Onnx, challenger.Manifest, new SessionSettings());
        foreach (var frame in await frames.GoldenAsync(cancel))
        {
            // A frame whose class neither model knows is of another product.
            if (frame.Label?.Class is not { } truth || !(champion.Manifest.Classes.Contains(truth) || challenger.Manifest.Classes.Contains(truth))) continue;
            var picture = JpegCodec.Decode(await frames.ReadImageAsync(frame, cancel));
            outcomes.Add(new GoldenOutcome(truth, old.Infer(picture.View).Prediction.Class, young.Infer(picture.View).Prediction.Class));
        }
        return outcomes;
    }
}
