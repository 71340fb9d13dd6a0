using System.Globalization;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Vision;

namespace CvOps.Fleet.Training;

/// <summary>What a trainer left, looked at before anything is made of it: each promise that can be held against the model itself is.</summary>
internal static class RunResult
{
    /// <summary>Training pictures that a claimed accuracy is held against.</summary>
    private const int Pictures = 300;

    /// <summary>Beyond chance: pictures are decoded and scaled a little differently elsewhere.</summary>
    private const double Slack = 0.02;

    private const string AccuracyClaim = "trainAccuracy";

    /// <param name="Onnx">The model's bytes.</param>
    internal sealed record Delivery(byte[] Onnx, ModelManifest Manifest);

    /// <summary>Opens what a trainer left; the manifest is its own or else the parent's, the name always the parent's, the version the request's.</summary>
    /// <exception cref="TrainingException">Something is missing, half written, or not what the trainer says of it.</exception>
    public static Delivery Check(RunFolder folder, ModelManifest parent, string version, IReadOnlyDictionary<string, double> claims, CancellationToken cancel)
    {
        if (!File.Exists(folder.Onnx)) throw new TrainingException("The trainer said that it was done and left no model.onnx.");
        var manifest = ManifestOf(folder, parent) with { Name = parent.Name, Version = version };
        var onnx = File.ReadAllBytes(folder.Onnx);
        try
        {
            using var runner = ModelRunner.Open(onnx, manifest, new SessionSettings());
            CheckVectors(folder, runner.Session);
            if (manifest.Task == ModelTask.Classification && claims.TryGetValue(AccuracyClaim, out var claim)) CheckAccuracy(folder, runner, claim, cancel);
        }
        catch (ModelException e)
        {
            throw new TrainingException($"The trainer's model.onnx ({onnx.Length} bytes) does not run: {e.Message}");
        }
        return new Delivery(onnx, manifest);
    }

    private static ModelManifest ManifestOf(RunFolder folder, ModelManifest parent)
    {
        var path = Path.Combine(folder.Out, "manifest.json");
        if (!File.Exists(path)) return parent;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ContractsJson.Default.ModelManifest) ?? throw new TrainingException("The trainer's manifest.json is empty.");
        }
        catch (JsonException e)
        {
            throw new TrainingException($"The trainer's manifest.json can't be read: {e.Message}");
        }
    }

    /// <summary>Inputs with what the trained network said to them, before it was exported: the export has to say the same.</summary>
    private static void CheckVectors(RunFolder folder, ModelSession session)
    {
        var path = Path.Combine(folder.Out, "golden.json");
        if (!File.Exists(path)) return;
        try
        {
            var golden = JsonSerializer.Deserialize(File.ReadAllBytes(path), ContractsJson.Default.ExportVectors) ?? throw new TrainingException("The trainer's golden.json is empty.");
            foreach (var (vector, index) in golden.Vectors.Select((vector, index) => (vector, index)))
            {
                session.Own.WriteInput(0, Floats(folder, vector.Input, session.InputLength));
                session.Run();
                foreach (var output in vector.Outputs)
                {
                    if (!session.OutputNames.Contains(output.Name)) throw new TrainingException($"The trainer's golden.json names an output '{output.Name}' that the manifest does not have.");
                    var found = session.Output(output.Name);
                    var expected = Floats(folder, output.File, found.Length);
                    var off = 0.0;
                    for (var i = 0; i < found.Length; i++) off = Math.Max(off, Math.Abs(found[i] - expected[i]));
                    if (!(off <= golden.Tolerance))
                        throw new TrainingException(string.Create(CultureInfo.InvariantCulture, $"The exported model is not the network that was trained: its output '{output.Name}' is off by {off:g3} at golden vector {index}; {golden.Tolerance:g3} is allowed."));
                }
            }
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new TrainingException($"The trainer's golden vectors can't be read: {e.Message}");
        }
    }

    private static float[] Floats(RunFolder folder, string file, int length)
    {
        if (Path.GetFileName(file) != file) throw new TrainingException($"The trainer's golden.json names a file '{file}'; it has to lie beside it.");
        var bytes = File.ReadAllBytes(Path.Combine(folder.Out, file));
        if (bytes.Length != length * sizeof(float)) throw new TrainingException($"The trainer's '{file}' holds {bytes.Length} bytes; the model has {length} numbers there.");
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }

    private static void CheckAccuracy(RunFolder folder, ModelRunner runner, double claim, CancellationToken cancel)
    {
        var detail = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder.Dataset, "dataset.json")), ContractsJson.Default.DatasetDetail)!;
        var labelled = detail.Entries.Where(entry => entry is { Use: FrameUse.Training, Class: not null, Split: not DatasetSplit.Validation }).ToArray();
        var chosen = labelled.Where((_, index) => index % Math.Max(1, labelled.Length / Pictures) == 0).Take(Pictures).ToArray();
        if (chosen.Length == 0) return;
        var right = 0;
        foreach (var entry in chosen)
        {
            cancel.ThrowIfCancellationRequested();
            var picture = JpegCodec.Decode(File.ReadAllBytes(Path.Combine(folder.Dataset, "images", $"{entry.ImageDigest}.jpg")));
            if (runner.Infer(picture.View).Prediction.Class == entry.Class) right++;
        }
        var found = right / (double)chosen.Length;
        // Three standard errors: one honest trainer in a thousand is asked again.
        if (claim <= found + Slack + 3 * Math.Sqrt(Math.Max(found * (1 - found), 0.01) / chosen.Length)) return;
        throw new TrainingException(string.Create(CultureInfo.InvariantCulture, $"The trainer claims {AccuracyClaim} {claim:0.000}; the model it left is right on {right} of {chosen.Length} of the training frames, {found:0.000}. Its figures can't be believed."));
    }
}
