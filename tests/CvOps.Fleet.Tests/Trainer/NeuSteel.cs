using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Fleet.Tests.Trainer;

/// <summary>Photographs of hot-rolled steel with six kinds of defect, and the classifiers for them, from CVOPS_DATA.</summary>
internal static class NeuSteel
{
    public static IReadOnlyList<string> Classes { get; } = ["crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"];

    public static ModelManifest Manifest { get; } = new()
    {
        Name = "neu", Version = "v1", Task = ModelTask.Classification, Classes = Classes,
        Input = new InputSpec { Name = "images", Width = 96, Height = 96, Channels = ChannelOrder.Grey },
        Decoder = new DecoderSpec { Kind = DecoderKind.Probabilities, Outputs = ["probabilities"], Embedding = "embedding" },
    };

    /// <summary>Only its embedding matters here, not what its thousand classes are called.</summary>
    public static ModelManifest SqueezeNet { get; } = new()
    {
        Name = "squeezenet", Version = "v1", Task = ModelTask.Classification, Classes = [.. Enumerable.Range(0, 1000).Select(i => $"class-{i}")],
        Input = new InputSpec { Name = "data_0", Width = 224, Height = 224, Channels = ChannelOrder.Bgr, Mean = [104, 117, 123], Std = [1, 1, 1] },
        Decoder = new DecoderSpec { Kind = DecoderKind.Probabilities, Outputs = ["probabilities"], Embedding = "embedding" },
    };

    public static string Model(string name) => TestData.Require("models", name);

    public static IEnumerable<(byte[] Jpeg, string Class)> Pictures(string split)
    {
        foreach (var name in Classes)
            foreach (var file in Directory.GetFiles(TestData.Require("neu-det", "images", split, name), "*.jpg").Order(StringComparer.Ordinal))
                yield return (File.ReadAllBytes(file), name);
    }

    /// <summary>Share of a split's pictures that the model names right.</summary>
    public static double Accuracy(string onnx, ModelManifest manifest, string split)
    {
        using var runner = ModelRunner.Open(File.ReadAllBytes(onnx), manifest, new SessionSettings(2));
        var results = Pictures(split).Select(picture => runner.Infer(JpegCodec.Decode(picture.Jpeg).View).Prediction.Class == picture.Class).ToList();
        return results.Count(right => right) / (double)results.Count;
    }
}
