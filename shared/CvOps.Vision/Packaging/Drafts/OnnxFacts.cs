using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CvOps.Vision.Packaging.Drafts;

/// <summary>A tensor that a graph declares.</summary>
/// <param name="Shape">-1 where the graph leaves a side open.</param>
internal sealed record OnnxTensor(string Name, TensorElementType Type, IReadOnlyList<long> Shape)
{
    public override string ToString() => $"'{Name}' {ModelGraph.Shape(Shape)} of {Type}";
}

/// <summary>An output as a run gave it.</summary>
internal sealed record OnnxAnswer(string Name, IReadOnlyList<long> Shape, float[] Values);

/// <summary>What an ONNX model tells of itself: graph, metadata, and what it answers.</summary>
internal sealed class OnnxFacts : IDisposable
{
    private readonly InferenceSession _session;

    private OnnxFacts(InferenceSession session)
    {
        _session = session;
        Inputs = Tensors(session.InputMetadata);
        Outputs = Tensors(session.OutputMetadata);
    }

    public IReadOnlyList<OnnxTensor> Inputs { get; }

    public IReadOnlyList<OnnxTensor> Outputs { get; }

    public IReadOnlyDictionary<string, string> Metadata => _session.ModelMetadata.CustomMetadataMap;

    /// <exception cref="ModelException">The runtime can't load it.</exception>
    public static OnnxFacts Open(byte[] onnx) => new(OrtSessions.Open(onnx, new SessionSettings(AllowGpu: false)).Session);

    /// <summary>Runs it once on noise.</summary>
    /// <param name="shape">The picture's tensor, no side open.</param>
    /// <param name="highest">Noise is from 0 to this.</param>
    /// <returns>Null when it does not run so.</returns>
    public IReadOnlyList<OnnxAnswer>? Try(OnnxTensor picture, long[] shape, float highest)
    {
        var elements = shape.Aggregate(1L, (product, side) => product * side);
        if (elements is < 1 or > int.MaxValue / 8) return null;
        using var buffer = new NativeBuffer((int)elements * TensorTypes.BytesOf(picture.Type));
        var noise = new float[elements];
        var chance = new Random(1);
        foreach (ref var number in noise.AsSpan()) number = chance.NextSingle() * highest;
        TensorTypes.FromFloat(noise, picture.Type, buffer.Bytes);
        using var input = buffer.Tensor(picture.Type, shape, 0, (int)elements);
        using var size = OrtValue.CreateTensorValueFromMemory(new[] { shape[^1], shape[^2] }, [1, 2]);
        using var options = new RunOptions();
        try
        {
            using var results = _session.Run(options, Inputs.Select(i => i.Name).ToArray(), Inputs.Select(i => i == picture ? input : size).ToArray(), Outputs.Select(o => o.Name).ToArray());
            return [.. results.Select((result, i) => Answer(Outputs[i].Name, result))];
        }
        catch (Exception e) when (e is OnnxRuntimeException or ModelException)
        {
            // A guess that does not run is no guess; the person is asked instead.
            return null;
        }
    }

    public void Dispose() => _session.Dispose();

    private static OnnxAnswer Answer(string name, OrtValue result)
    {
        var info = result.GetTensorTypeAndShape();
        var values = new float[info.ElementCount];
        if (values.Length > 0) TensorTypes.ToFloat(result.GetTensorMutableRawData(), info.ElementDataType, values);
        return new OnnxAnswer(name, info.Shape, values);
    }

    private static OnnxTensor[] Tensors(IReadOnlyDictionary<string, NodeMetadata> nodes) =>
        [.. nodes.Where(node => node.Value.IsTensor).Select(node => new OnnxTensor(node.Key, node.Value.ElementDataType, [.. node.Value.Dimensions.Select(side => side < 0 ? -1L : side)]))];
}
