using System.Security.Cryptography;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Tests;

/// <summary>Packages that are sound and signed; their model is bytes that only a registry needs not understand.</summary>
internal static class TestPackages
{
    public static string Write(string path, ECDsa key, string name = "line", string version = "1")
    {
        PackageWriter.Write(path, Parts(name, version), key);
        return path;
    }

    public static ModelPackageParts Parts(string name, string version) => new()
    {
        Manifest = new ModelManifest
        {
            Name = name, Version = version, Task = ModelTask.Classification, Input = new InputSpec { Name = "input", Width = 2, Height = 2 },
            Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"] }, Classes = ["ok", "scratch"], RejectClasses = ["scratch"],
        },
        Onnx = new byte[] { 8, 7, 18, 0 },
        Profile = new ReferenceProfile
        {
            Frames = 10, Histograms = new Dictionary<string, ReferenceHistogram> { [Covariates.Brightness] = new([64, 128, 192], [1, 4, 4, 1], 130) },
            Classes = new Dictionary<string, long> { ["ok"] = 9, ["scratch"] = 1 },
        },
        Golden = new GoldenVectors(1e-3, [new GoldenVector("golden/0.input.f32", [new GoldenOutput("logits", [1, 2], "golden/0.logits.f32")], new Prediction { Class = "ok", Confidence = 0.7 })]),
        Tensors = new Dictionary<string, ReadOnlyMemory<byte>> { ["golden/0.input.f32"] = new byte[48], ["golden/0.logits.f32"] = new byte[8] },
    };
}
