using System.Text.Json;
using CvOps.Cli;
using CvOps.Contracts;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Fleet.Tests;

/// <summary>The steel classifiers of the recorded data, under the demo's own manifest.</summary>
internal static class Steel
{
    /// <param name="version">v1, v2 or v3_regressed.</param>
    public static ModelRunner Open(string version)
    {
        var onnx = File.ReadAllBytes(TestData.Require("models", $"neu_classifier_{version}.onnx"));
        using var stream = typeof(ExitCodes).Assembly.GetManifestResourceStream("neu-classifier.json")!;
        var manifest = JsonSerializer.Deserialize(stream, ContractsJson.Default.ModelManifest)! with { Version = version };
        return ModelRunner.Open(onnx, manifest, new SessionSettings(AllowGpu: false));
    }
}
