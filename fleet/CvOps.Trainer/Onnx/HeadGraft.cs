using System.Buffers.Binary;
using CvOps.Heads;
using Google.Protobuf;

namespace CvOps.Trainer.Onnx;

/// <summary>Cuts a model behind its embedding and puts a head there: Gemm, or Gemm, Relu and Gemm, then Softmax unless the output is logits.</summary>
internal static class HeadGraft
{
    private const int Float32 = 1;
    private const int AttributeInt = 2;

    /// <param name="onnx">The parent.</param>
    /// <param name="embedding">The output that stays, [N, dimensions].</param>
    /// <param name="output">The output that is made anew, [N, classes], under its old name.</param>
    /// <param name="softmax">True when the output is probabilities, false when it is logits.</param>
    /// <returns>The new model. Whatever else stood in the file (names, metadata, operator sets, dynamic sides) still stands there.</returns>
    /// <exception cref="TrainerException">Not ONNX, an output is missing, or another output can't be kept.</exception>
    public static byte[] Replace(ReadOnlyMemory<byte> onnx, string embedding, string output, IHead head, bool softmax)
    {
        var model = Parse(onnx);
        var graph = model.Graph;
        foreach (var name in new[] { embedding, output })
            if (graph.Output.All(candidate => candidate.Name != name))
                throw new TrainerException($"The parent has no output '{name}'; its outputs are {string.Join(", ", graph.Output.Select(candidate => candidate.Name))}.");
        var kept = graph.Output.Where(candidate => candidate.Name != output).Select(candidate => candidate.Name).ToList();
        KeepAncestors(graph, kept);
        if (graph.Node.Any(node => node.Output.Contains(output)))
            throw new TrainerException($"Output '{output}' feeds another output of the parent, so its head can't be replaced.");

        const string prefix = "cvops_head";
        var logits = softmax ? $"{prefix}_logits" : output;
        if (head is MlpHead { First: var first, Second: var second })
        {
            AddGemm(graph, $"{prefix}_first", embedding, first, $"{prefix}_units");
            graph.Node.Add(new NodeProto { Name = $"{prefix}_relu", OpType = "Relu", Input = { $"{prefix}_units" }, Output = { $"{prefix}_hidden" } });
            AddGemm(graph, prefix, $"{prefix}_hidden", second, logits);
        }
        else AddGemm(graph, prefix, embedding, (LinearHead)head, logits);
        SetClasses(graph, output, head.Classes);
        if (!softmax) return model.ToByteArray();
        var normalise = new NodeProto { Name = $"{prefix}_softmax", OpType = "Softmax", Input = { logits }, Output = { output } };
        normalise.Attribute.Add(new AttributeProto { Name = "axis", I = 1, Type = AttributeInt });
        graph.Node.Add(normalise);
        return model.ToByteArray();
    }

    /// <summary>The output's shape, where it is given, ends with the number of classes.</summary>
    private static void SetClasses(GraphProto graph, string output, int classes)
    {
        var dimensions = graph.Output.First(candidate => candidate.Name == output).Type?.TensorType?.Shape?.Dim;
        if (dimensions is { Count: > 0 }) dimensions[^1] = new TensorShapeProto.Types.Dimension { DimValue = classes };
    }

    private static void AddGemm(GraphProto graph, string name, string input, LinearHead layer, string output)
    {
        graph.Initializer.Add(Tensor($"{name}_weight", layer.Weights, layer.Classes, layer.Dimensions));
        graph.Initializer.Add(Tensor($"{name}_bias", layer.Bias, layer.Classes));
        var gemm = new NodeProto { Name = $"{name}_gemm", OpType = "Gemm", Input = { input, $"{name}_weight", $"{name}_bias" }, Output = { output } };
        gemm.Attribute.Add(new AttributeProto { Name = "transB", I = 1, Type = AttributeInt });
        graph.Node.Add(gemm);
    }

    private static ModelProto Parse(ReadOnlyMemory<byte> onnx)
    {
        try
        {
            var model = ModelProto.Parser.ParseFrom(onnx.Span);
            return model.Graph is { Node.Count: > 0 } ? model : throw new TrainerException("The parent is not ONNX: it holds no graph.");
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new TrainerException($"The parent is not ONNX: {e.Message}", e);
        }
    }

    /// <summary>Leaves only the nodes and constants that the outputs kept are made of.</summary>
    private static void KeepAncestors(GraphProto graph, IEnumerable<string> outputs)
    {
        var needed = outputs.ToHashSet(StringComparer.Ordinal);
        var nodes = new List<NodeProto>();
        foreach (var node in graph.Node.Reverse())
        {
            if (!node.Output.Any(needed.Contains)) continue;
            needed.UnionWith(InputsOf(node));
            nodes.Add(node);
        }

        nodes.Reverse();
        graph.Node.Clear();
        graph.Node.AddRange(nodes);
        Retain(graph.Initializer, tensor => needed.Contains(tensor.Name));
        // Old exporters list the constants among the inputs: one that lost its value would become an input to fill.
        var produced = nodes.SelectMany(node => node.Output).ToHashSet(StringComparer.Ordinal);
        Retain(graph.Input, input => needed.Contains(input.Name));
        Retain(graph.ValueInfo, value => produced.Contains(value.Name) || needed.Contains(value.Name));
    }

    /// <summary>A node's inputs, with what the bodies of its branches and loops take from outside.</summary>
    private static IEnumerable<string> InputsOf(NodeProto node)
    {
        var bodies = node.Attribute.SelectMany(attribute => attribute.G is null ? attribute.Graphs : attribute.Graphs.Append(attribute.G));
        return node.Input.Where(name => name.Length > 0)
            .Concat(bodies.SelectMany(body => body.Node.SelectMany(InputsOf).Concat(body.Output.Select(output => output.Name))));
    }

    private static void Retain<T>(Google.Protobuf.Collections.RepeatedField<T> field, Func<T, bool> wanted)
    {
        var kept = field.Where(wanted).ToList();
        field.Clear();
        field.AddRange(kept);
    }

    private static TensorProto Tensor(string name, ReadOnlySpan<double> values, params ReadOnlySpan<int> sides)
    {
        var raw = new byte[values.Length * sizeof(float)];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(raw.AsSpan(i * sizeof(float)), (float)values[i]);
        var tensor = new TensorProto { Name = name, DataType = Float32, RawData = UnsafeByteOperations.UnsafeWrap(raw) };
        foreach (var side in sides) tensor.Dims.Add(side);
        return tensor;
    }
}
