using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Vision.Decoders;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CvOps.Vision;

/// <summary>Holds a manifest against the graph it is about. Every mismatch is a sentence with both sides.</summary>
internal static class ModelGraph
{
    /// <exception cref="ModelException">The manifest contradicts itself.</exception>
    public static void CheckManifest(ModelManifest manifest)
    {
        if (manifest.Classes.Count is < 1 or > Limits.Classes) throw new ModelException($"The manifest names {manifest.Classes.Count} classes; 1 to {Limits.Classes} are possible.");
        if (manifest.Classes.Distinct(StringComparer.Ordinal).Count() != manifest.Classes.Count) throw new ModelException("The manifest names a class twice.");
        if (manifest.RejectClasses.FirstOrDefault(name => !manifest.Classes.Contains(name)) is { } stray) throw new ModelException($"The manifest rejects class '{stray}', which is not among its classes.");
        DecoderRule.Check(manifest);
    }

    /// <summary>The input's shape with batch 1.</summary>
    /// <param name="inputs">Graph inputs that are not initialisers.</param>
    /// <exception cref="ModelException">No such input, other inputs beside it, or its shape is not the manifest's.</exception>
    public static long[] CheckInput(IReadOnlyDictionary<string, NodeMetadata> inputs, ModelManifest manifest)
    {
        var spec = manifest.Input;
        if (!inputs.TryGetValue(spec.Name, out var input)) throw new ModelException($"The manifest's input is '{spec.Name}'; the model has {Names(inputs)}.");
        if (inputs.Count > 1 && SizeInput.NameIn(inputs, manifest) is null) throw new ModelException($"The model has {inputs.Count} inputs ({Names(inputs)}); one picture is all it gets.");
        var type = spec.ElementType switch { ElementType.Float16 => TensorElementType.Float16, ElementType.UInt8 => TensorElementType.UInt8, _ => TensorElementType.Float };
        if (!input.IsTensor || input.ElementDataType != type) throw new ModelException($"The manifest makes the input '{spec.Name}' {spec.ElementType}; the model wants {(input.IsTensor ? input.ElementDataType : "no tensor")}.");
        var declared = input.Dimensions;
        var nchw = spec.Layout == TensorLayout.Nchw;
        var found = declared.Length == 4 ? declared[nchw ? 1 : 3] : 0;
        var channels = spec.Channels == ChannelOrder.Grey && found == 1 ? 1 : 3;
        long[] wanted = nchw ? [1, channels, spec.Height, spec.Width] : [1, spec.Height, spec.Width, channels];
        var fits = declared.Length == 4;
        // A dimension the graph leaves open is -1.
        for (var i = 0; fits && i < 4; i++) fits = declared[i] < 0 || declared[i] == wanted[i];
        return fits ? wanted : throw new ModelException($"The manifest makes the input '{spec.Name}' {Shape(wanted)} ({spec.Layout}); the model wants {Shape(declared.Select(side => (long)side))}.");
    }

    /// <exception cref="ModelException">The graph lacks an output.</exception>
    public static void CheckOutputNames(IReadOnlyDictionary<string, NodeMetadata> outputs, ModelManifest manifest)
    {
        if (OutputNames(manifest).FirstOrDefault(name => !outputs.ContainsKey(name)) is { } missing) throw new ModelException($"The manifest names the output '{missing}'; the model has {Names(outputs)}.");
    }

    /// <summary>What the manifest wants of the graph, the embedding last.</summary>
    public static IReadOnlyList<string> OutputNames(ModelManifest manifest) =>
        manifest.Decoder.Embedding is { } embedding ? [.. manifest.Decoder.Outputs.Append(embedding).Distinct()] : manifest.Decoder.Outputs;

    public static string Shape(IEnumerable<long> shape) => $"[{string.Join(", ", shape.Select(side => side < 0 ? "?" : side.ToString(System.Globalization.CultureInfo.InvariantCulture)))}]";

    private static string Names(IReadOnlyDictionary<string, NodeMetadata> nodes) => string.Join(", ", nodes.Keys.Select(name => $"'{name}'"));
}
