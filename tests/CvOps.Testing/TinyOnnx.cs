using System.Runtime.InteropServices;
using System.Text;

namespace CvOps.Testing;

/// <summary>ONNX's numbers for the types of tensors.</summary>
public enum OnnxType { Float = 1, UInt8 = 2, Int64 = 7, Float16 = 10 }

/// <summary>Writes small ONNX models by hand (ONNX IR 8, opset 13), so that a test can have a network that does just what it needs.</summary>
public sealed class TinyOnnx
{
    private readonly List<(int Field, byte[] Message)> _graph = [];
    private readonly List<(string Key, string Value)> _metadata = [];
    private int _opset = 13;

    /// <summary>What an exporter leaves beside the graph.</summary>
    public TinyOnnx Metadata(string key, string value)
    {
        _metadata.Add((key, value));
        return this;
    }

    /// <summary>Another version of the operators than 13.</summary>
    public TinyOnnx Opset(int version)
    {
        _opset = version;
        return this;
    }

    /// <summary>An input or output of the graph; -1 leaves a dimension open.</summary>
    public TinyOnnx Input(string name, params long[] shape) => Input(name, OnnxType.Float, shape);

    /// <inheritdoc cref="Input(string, long[])"/>
    public TinyOnnx Input(string name, OnnxType type, params long[] shape) => ValueInfo(11, name, type, shape);

    /// <inheritdoc cref="Input(string, long[])"/>
    public TinyOnnx Output(string name, params long[] shape) => Output(name, OnnxType.Float, shape);

    /// <inheritdoc cref="Input(string, long[])"/>
    public TinyOnnx Output(string name, OnnxType type, params long[] shape) => ValueInfo(12, name, type, shape);

    /// <summary>A constant tensor.</summary>
    public TinyOnnx Constant(string name, float[] values, params long[] shape) => Tensor(name, OnnxType.Float, MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), shape);

    /// <summary>A constant row of whole numbers (int64).</summary>
    public TinyOnnx Integers(string name, params long[] values) => Tensor(name, OnnxType.Int64, MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), [values.Length]);

    public TinyOnnx Node(string op, string[] inputs, string output, params (string Name, long Value)[] attributes) =>
        Add(1, Message(w =>
        {
            foreach (var input in inputs) Bytes(w, 1, Encoding.UTF8.GetBytes(input));
            Bytes(w, 2, Encoding.UTF8.GetBytes(output));
            Bytes(w, 3, Encoding.UTF8.GetBytes(output));
            Bytes(w, 4, Encoding.UTF8.GetBytes(op));
            foreach (var (name, value) in attributes)
            {
                Bytes(w, 5, Message(a =>
                {
                    Bytes(a, 1, Encoding.UTF8.GetBytes(name));
                    Varint(a, 3, value);
                    Varint(a, 20, 2);
                }));
            }
        }));

    /// <summary>The model's bytes.</summary>
    public byte[] Build() => Message(w =>
    {
        Varint(w, 1, 8);
        Bytes(w, 7, Message(graph =>
        {
            foreach (var (field, message) in _graph) Bytes(graph, field, message);
            Bytes(graph, 2, "tiny"u8.ToArray());
        }));
        Bytes(w, 8, Message(o => Varint(o, 2, _opset)));
        foreach (var (key, value) in _metadata)
        {
            Bytes(w, 14, Message(entry =>
            {
                Bytes(entry, 1, Encoding.UTF8.GetBytes(key));
                Bytes(entry, 2, Encoding.UTF8.GetBytes(value));
            }));
        }
    });

    /// <summary>
    /// A classifier on the mean colour: <c>embedding</c> [N, 3] is the mean of each channel, <c>logits</c> [N, classes] = embedding x weights + bias,
    /// <c>probabilities</c> their softmax.
    /// </summary>
    /// <param name="weights">[3, classes], row by row.</param>
    public static byte[] MeanColourClassifier(int width, int height, float[] weights, float[] bias) => new TinyOnnx()
        .Input("images", -1, 3, height, width)
        .Constant("weights", weights, 3, bias.Length)
        .Constant("bias", bias, bias.Length)
        .Node("GlobalAveragePool", ["images"], "pooled")
        .Node("Flatten", ["pooled"], "embedding", ("axis", 1))
        .Node("MatMul", ["embedding", "weights"], "product")
        .Node("Add", ["product", "bias"], "logits")
        .Node("Softmax", ["logits"], "probabilities", ("axis", 1))
        .Output("probabilities", -1, bias.Length).Output("logits", -1, bias.Length).Output("embedding", -1, 3)
        .Build();

    private TinyOnnx Tensor(string name, OnnxType type, byte[] values, long[] shape) => Add(5, Message(w =>
    {
        foreach (var side in shape) Varint(w, 1, side);
        Varint(w, 2, (int)type);
        Bytes(w, 8, Encoding.UTF8.GetBytes(name));
        Bytes(w, 9, values);
    }));

    private TinyOnnx ValueInfo(int field, string name, OnnxType type, long[] shape) => Add(field, Message(w =>
    {
        Bytes(w, 1, Encoding.UTF8.GetBytes(name));
        Bytes(w, 2, Message(value => Bytes(value, 1, Message(tensor =>
        {
            Varint(tensor, 1, (int)type);
            Bytes(tensor, 2, Message(dims =>
            {
                foreach (var side in shape)
                {
                    Bytes(dims, 1, Message(dim =>
                    {
                        if (side >= 0) Varint(dim, 1, side);
                        else Bytes(dim, 2, "N"u8.ToArray());
                    }));
                }
            }));
        }))));
    }));

    private TinyOnnx Add(int field, byte[] message)
    {
        _graph.Add((field, message));
        return this;
    }

    private static byte[] Message(Action<MemoryStream> write)
    {
        var stream = new MemoryStream();
        write(stream);
        return stream.ToArray();
    }

    private static void Varint(MemoryStream to, int field, long value)
    {
        Raw(to, (ulong)field << 3);
        Raw(to, (ulong)value);
    }

    private static void Bytes(MemoryStream to, int field, byte[] value)
    {
        Raw(to, ((ulong)field << 3) | 2);
        Raw(to, (ulong)value.Length);
        to.Write(value);
    }

    private static void Raw(MemoryStream to, ulong value)
    {
        for (; value > 127; value >>= 7) to.WriteByte((byte)(value | 128));
        to.WriteByte((byte)value);
    }
}
