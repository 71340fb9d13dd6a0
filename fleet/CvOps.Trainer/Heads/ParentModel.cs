using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;

namespace CvOps.Trainer.Heads;

/// <summary>The model whose backbone is kept.</summary>
internal sealed record ParentModel(ReadOnlyMemory<byte> Onnx, ModelManifest Manifest)
{
    /// <param name="path">A <c>.cvmodel</c> package, or a folder with <c>manifest.json</c> and one <c>.onnx</c> file.</param>
    /// <exception cref="TrainerException">There is no such model, or it can't get a new head.</exception>
    public static ParentModel Open(string path)
    {
        var parent = Read(path);
        var (manifest, decoder) = (parent.Manifest, parent.Manifest.Decoder);
        if (decoder.Kind is not (DecoderKind.Probabilities or DecoderKind.Logits)) throw new TrainerException($"Only a classifier can get a new head; {manifest.Name} {manifest.Version} is decoded as {decoder.Kind}.");
        if (decoder.Embedding is null) throw new TrainerException($"{manifest.Name} {manifest.Version} has no embedding output, so there is nothing to fit a head on: its manifest must name one in decoder.embedding.");
        if (decoder.Outputs.Count != 1) throw new TrainerException($"A classifier has one output; the manifest of {manifest.Name} {manifest.Version} names {decoder.Outputs.Count}.");
        return parent;
    }

    /// <summary>Any model.</summary>
    /// <exception cref="TrainerException">There is no such model.</exception>
    public static ParentModel Read(string path)
    {
        try
        {
            if (!Directory.Exists(path))
            {
                var package = PackageReader.Open(path);
                return new ParentModel(package.Onnx, package.Manifest);
            }

            var models = Directory.GetFiles(path, "*.onnx");
            if (models.Length != 1) throw new TrainerException($"The parent's folder '{path}' must hold one .onnx file; it holds {models.Length}.");
            using var file = File.OpenRead(Path.Combine(path, "manifest.json"));
            var manifest = JsonSerializer.Deserialize(file, ContractsJson.Default.ModelManifest) ?? throw new TrainerException($"The manifest in '{path}' is empty.");
            return new ParentModel(File.ReadAllBytes(models[0]), manifest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or PackageException)
        {
            throw new TrainerException($"The parent '{path}' can't be read: {e.Message}", e);
        }
    }
}
