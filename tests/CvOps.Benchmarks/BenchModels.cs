using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>A model to measure with.</summary>
/// <param name="PipelineBound">Least part of the bare model's pace that the agent must keep.</param>
/// <param name="Live">Cameras of 30 frames a second to measure it with.</param>
internal sealed record BenchModel(string Name, byte[] Onnx, ModelManifest Manifest, double PipelineBound, int Live)
{
    /// <summary>The simulator's classifier, well under a millisecond.</summary>
    public static BenchModel Line()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "model");
        var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, "manifest.json")), ContractsJson.Default.ModelManifest)!;
        return new BenchModel("line classifier (under 1 ms)", File.ReadAllBytes(Path.Combine(folder, "line-v1.onnx")), manifest, 0.90, 4);
    }

    /// <summary>A real detector of some 20 ms on one core; null without the data folder.</summary>
    public static BenchModel? NanoDet()
    {
        if (Environment.GetEnvironmentVariable(TestData.Variable) is not { } data) return null;
        var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(TestData.InRepository("tests", "data", "manifests", "nanodet_m.json")), ContractsJson.Default.ModelManifest)!;
        return new BenchModel("NanoDet 416 (about 20 ms)", File.ReadAllBytes(Path.Combine(data, "models", "nanodet_m.onnx")), manifest, 0.97, 2);
    }

    public static IEnumerable<BenchModel> All()
    {
        yield return Line();
        if (NanoDet() is { } detector) yield return detector;
        else Console.WriteLine($"{TestData.Variable} is not set: only the small model is measured.");
    }
}
