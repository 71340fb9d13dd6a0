using System.Security.Cryptography;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Shared.Tests.Packages;

/// <summary>Small packages of our own making. Nothing here runs the model, so its bytes may be anything.</summary>
internal static class PackageKit
{
    public static ModelPackageParts Parts(byte[] onnx) => new()
    {
        Manifest = new ModelManifest
        {
            Name = "steel", Version = "1.2", Task = ModelTask.Classification, Classes = ["good", "bad"], RejectClasses = ["bad"],
            Input = new InputSpec { Name = "images", Width = 8, Height = 4 },
            Decoder = new DecoderSpec { Kind = DecoderKind.Probabilities, Outputs = ["probabilities"] },
        },
        Onnx = onnx,
        Profile = new ReferenceProfile
        {
            Frames = 3,
            Histograms = new Dictionary<string, ReferenceHistogram> { [Covariates.Brightness] = new([100, 120], [1, 1, 1], 110) },
            Classes = new Dictionary<string, long> { ["good"] = 3 },
        },
        Golden = new GoldenVectors(1e-4,
        [
            new GoldenVector("golden/0.input.f32", [new GoldenOutput("probabilities", [1, 2], "golden/0.0.f32")], new Prediction { Class = "good", Confidence = 0.75, Margin = 0.5 }),
        ]),
        Tensors = new Dictionary<string, ReadOnlyMemory<byte>> { ["golden/0.input.f32"] = new byte[8 * 4 * 3 * 4], ["golden/0.0.f32"] = new byte[8] },
        Lineage = new Lineage(Dataset: "abc", Trainer: "tests"),
    };

    public static TrustedKeys Trust(ECDsa key) => new TrustedKeys().Add(key);

    /// <summary>A container in the right form with whatever content.</summary>
    public static void WriteStored(string path, params (string Name, byte[] Bytes)[] entries)
    {
        using var file = File.Create(path);
        var directory = new List<(string, uint, uint, uint)>();
        foreach (var (name, bytes) in entries)
        {
            directory.Add((name, Crc32.Of(bytes), (uint)bytes.Length, (uint)file.Position));
            file.Write(StoredZip.LocalHeader(name, Crc32.Of(bytes), (uint)bytes.Length));
            file.Write(bytes);
        }

        file.Write(StoredZip.Directory(directory, (uint)file.Position));
    }
}
