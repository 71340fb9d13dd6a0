using System.Text.Json;
using System.Text.Json.Serialization;
using CvOps.Contracts.Packages;

namespace CvOps.Trainer.Torch;

/// <summary>What the Python side is given: tensors that went through the agent's own preprocessing, so that training and inference see the same.</summary>
internal sealed record TorchJob
{
    /// <summary>Classification or Detection.</summary>
    public required ModelTask Task { get; init; }

    /// <summary>The trainer's own.</summary>
    public required string Version { get; init; }

    /// <summary>File of float32 little-endian, [pictures, channels, height, width].</summary>
    public required string Tensors { get; init; }

    public required int[] Shape { get; init; }

    /// <summary>The parent's model.</summary>
    public required string Onnx { get; init; }

    /// <summary>The parent's; Python changes what the network makes different.</summary>
    public required JsonElement Manifest { get; init; }

    public required string Input { get; init; }

    public required string Output { get; init; }

    public string? Embedding { get; init; }

    /// <summary>Whether the output is probabilities rather than logits.</summary>
    public bool Softmax { get; init; }

    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Whether the classes are the parent's.</summary>
    public bool SameClasses { get; init; }

    /// <summary>Pictures to measure on and not to learn from, by the snapshot's splits; null: a share is drawn.</summary>
    public IReadOnlyList<int>? Held { get; init; }

    /// <summary>Of a classifier: index of each picture's class.</summary>
    public IReadOnlyList<int>? Labels { get; init; }

    /// <summary>Of a detector, a picture: class, centre x, centre y, width and height of each box, in pixels of the tensor.</summary>
    public IReadOnlyList<IReadOnlyList<double[]>>? Boxes { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TorchJob))]
internal sealed partial class TorchJson : JsonSerializerContext;
