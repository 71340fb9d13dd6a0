using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Models;
using CvOps.Vision.Packaging;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Training;

/// <summary>Makes a signed, registered package of what a trainer left.</summary>
internal sealed class ModelPacking(ModelRegistry models, IOptions<FleetOptions> options)
{
    /// <returns>Digest of the package.</returns>
    /// <exception cref="TrainingException">It can't be made, or the registry refuses it.</exception>
    public async Task<string> PackAsync(TrainingRunView run, RunFolder folder, CancellationToken cancel)
    {
        if (options.Value.SigningKey is not { } keyFile) throw new TrainingException("The fleet has no key to sign models with: start it with --signing-key.");
        var parent = await models.OpenAsync(run.Request.Parent, cancel) ?? throw new TrainingException($"There is no model {run.Request.Parent}.");
        var (onnx, manifest) = RunResult.Check(folder, parent.Manifest, run.Request.Version, run.Metrics, cancel);
        using (var key = SigningKeys.Load(keyFile))
        {
            var pictures = Directory.EnumerateFiles(Path.Combine(folder.Dataset, "images"), "*.jpg").Order(StringComparer.Ordinal).ToArray();
            PackageBuilder.Build(folder.Package, manifest, onnx, pictures, key, new Lineage(run.Request.Dataset, run.Id, run.Request.Parent, run.Environment?.GetValueOrDefault("trainer") ?? run.Request.Trainer), parent);
        }
        await using var file = File.OpenRead(folder.Package);
        var outcome = await models.RegisterAsync(file, run.Request.By, cancel);
        return outcome.Model?.Model.Digest ?? throw new TrainingException(outcome.Refusal ?? "The registry refused the model.");
    }
}
