using CvOps.Contracts.Packages;
using CvOps.Vision.Decoders;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CvOps.Vision;

/// <summary>Learns by running it what a graph does not declare, or declares wrongly: shapes, and whether it takes batches.</summary>
internal static class ModelTrial
{
    private const int BatchTried = 2;

    /// <summary>Name, shape for one picture, and type of each output the manifest names. Free: its shape depends on the picture.</summary>
    public static List<(string Name, long[] Shape, TensorElementType Type, bool Free)> Outputs(InferenceSession graph, ModelManifest manifest, long[] inputShape, TensorElementType inputType)
    {
        // Two pictures as different as can be: a graph with its own NMS gives other shapes.
        var (dark, noisy) = (Run(graph, manifest, inputShape, inputType, noise: false), Run(graph, manifest, inputShape, inputType, noise: true));
        return [.. dark.Select((output, i) => (output.Name, noisy[i].Shape, output.Type, Free: Declared(graph, output.Name) && (!output.Shape.SequenceEqual(noisy[i].Shape) || output.Shape.Contains(0) || MayVary(graph, manifest, output.Name))))];
    }

    /// <summary>True when two pictures in one run give each output twice.</summary>
    public static bool Batches(InferenceSession graph, ModelManifest manifest, long[] inputShape, TensorElementType inputType, IReadOnlyList<(string Name, long[] Shape, TensorElementType Type, bool Free)> single)
    {
        if (graph.InputMetadata[manifest.Input.Name].Dimensions[0] >= 0 || single.Any(output => output.Free || output.Shape.Length == 0 || output.Shape[0] != 1)) return false;
        try
        {
            return Run(graph, manifest, [BatchTried, .. inputShape[1..]], inputType, noise: true).Zip(single).All(pair => pair.First.Shape.SequenceEqual([BatchTried, .. pair.Second.Shape[1..]]));
        }
        catch (OnnxRuntimeException)
        {
            // It says it takes any batch, and reshapes to 1 inside.
            return false;
        }
    }

    /// <summary>Whether the graph leaves any side of an output but its first open.</summary>
    private static bool Declared(InferenceSession graph, string output) => graph.OutputMetadata[output].Dimensions.Any(side => side < 0);

    private static bool MayVary(InferenceSession graph, ModelManifest manifest, string output) =>
        manifest.Decoder.Outputs.Contains(output) && ListedBoxes.MayVary(manifest.Decoder.Kind, graph.OutputMetadata[output].Dimensions);

    private static List<(string Name, long[] Shape, TensorElementType Type)> Run(InferenceSession graph, ModelManifest manifest, long[] shape, TensorElementType type, bool noise)
    {
        var elements = checked((int)shape.Aggregate(1L, (product, side) => product * side));
        using var buffer = new NativeBuffer(elements * TensorTypes.BytesOf(type));
        if (noise) Noise(buffer.Bytes, type);
        using var input = buffer.Tensor(type, shape, 0, elements);
        using var options = new RunOptions();
        var names = ModelGraph.OutputNames(manifest);
        var sizeName = SizeInput.NameIn(graph.InputMetadata, manifest);
        using var size = sizeName is null ? null : SizeInput.Value(manifest.Input, shape[0]);
        using var results = size is null ? graph.Run(options, [manifest.Input.Name], [input], names) : graph.Run(options, [manifest.Input.Name, sizeName!], [input, size], names);
        return [.. names.Select((name, i) =>
        {
            var info = results[i].GetTensorTypeAndShape();
            return (name, info.Shape, info.ElementDataType);
        })];
    }

    /// <summary>Always the same noise, between 0 and 1; bytes between 0 and 255.</summary>
    private static void Noise(Span<byte> bytes, TensorElementType type)
    {
        var chance = new Random(1);
        if (type == TensorElementType.UInt8)
        {
            chance.NextBytes(bytes);
            return;
        }
        if (type == TensorElementType.Float16)
        {
            foreach (ref var number in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(bytes)) number = (Half)chance.NextSingle();
            return;
        }
        foreach (ref var number in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes)) number = chance.NextSingle();
    }
}
