using CvOps.Contracts.Packages;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CvOps.Vision;

/// <summary>
/// The second input of RT-DETR with its post-processing, <c>orig_target_sizes</c> [N, 2] of int64: the width and height in whose pixels boxes shall
/// come out. It is given the model's own input size, so that boxes are mapped to the picture like any other detector's.
/// </summary>
internal static class SizeInput
{
    /// <summary>What the graph calls it; null when there is none.</summary>
    /// <param name="inputs">Graph inputs that are not initialisers.</param>
    public static string? NameIn(IReadOnlyDictionary<string, NodeMetadata> inputs, ModelManifest manifest)
    {
        if (manifest.Decoder.Kind != DecoderKind.RtDetr || inputs.Count != 2) return null;
        var (name, size) = inputs.FirstOrDefault(input => input.Key != manifest.Input.Name);
        return size is { IsTensor: true, ElementDataType: TensorElementType.Int64, Dimensions: [_, 2] } ? name : null;
    }

    /// <summary>The caller disposes it.</summary>
    /// <param name="rows">Pictures of a run.</param>
    public static OrtValue Value(InputSpec input, long rows)
    {
        var sizes = new long[2 * rows];
        for (var i = 0; i < sizes.Length; i++) sizes[i] = i % 2 == 0 ? input.Width : input.Height;
        return OrtValue.CreateTensorValueFromMemory(sizes, [rows, 2]);
    }
}
