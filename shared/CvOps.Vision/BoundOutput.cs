using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CvOps.Vision;

/// <summary>
/// One graph output of a slot: the runtime writes into its buffer, a row a picture, and decoders read it as float32 whatever its type. An output
/// whose shape depends on the picture (a graph with its own NMS) is copied over after each run instead.
/// </summary>
internal sealed class BoundOutput : IDisposable
{
    private readonly TensorElementType _type;
    private readonly NativeBuffer? _buffer;
    private readonly (long[] Shape, float[] Numbers, int Length)[] _taken = [];
    private readonly float[] _converted = [];

    /// <param name="shape">Batch 1.</param>
    /// <exception cref="ModelException">No decoder reads such numbers.</exception>
    public BoundOutput(string name, long[] shape, TensorElementType type, int rows, bool free)
    {
        if (type is not (TensorElementType.Float or TensorElementType.Float16 or TensorElementType.Double or TensorElementType.Int64 or TensorElementType.Int32 or TensorElementType.UInt8))
            throw new ModelException($"Output '{name}' is {type}; float32, float16, double, int64, int32 and uint8 are read.");
        (Name, Shape, _type, Length) = (name, shape, type, Elements(shape));
        if (free)
        {
            _taken = [.. Enumerable.Range(0, rows).Select(_ => (shape, new float[Length], Length))];
            return;
        }
        _buffer = new NativeBuffer(rows * Length * TensorTypes.BytesOf(type));
        if (type != TensorElementType.Float) _converted = new float[rows * Length];
    }

    public string Name { get; }

    /// <summary>Of one picture, batch 1, as it was when the model was tried.</summary>
    public long[] Shape { get; }

    /// <summary>Numbers a picture, as it was when the model was tried.</summary>
    public int Length { get; }

    /// <summary>True when the shape depends on the picture, so no buffer can wait for it.</summary>
    public bool Free => _buffer is null;

    /// <summary>Shape for one picture of the last run, batch 1.</summary>
    public long[] ShapeOf(int row) => Free ? _taken[row].Shape : Shape;

    /// <summary>What the last run said of a picture; overwritten by the next.</summary>
    public ReadOnlySpan<float> Row(int row) =>
        Free ? _taken[row].Numbers.AsSpan(0, _taken[row].Length)
        : _type == TensorElementType.Float ? MemoryMarshal.Cast<byte, float>(_buffer!.Bytes).Slice(row * Length, Length)
        : _converted.AsSpan(row * Length, Length);

    /// <summary>The buffer's rows as a tensor for the runtime. The caller disposes it.</summary>
    public OrtValue Value(int row, int rows) => _buffer!.Tensor(_type, [rows * Shape[0], .. Shape[1..]], row * Length, rows * Length);

    /// <summary>Call after each run: makes float32 of what is not.</summary>
    public void Ran(int rows)
    {
        if (!Free && _type != TensorElementType.Float) TensorTypes.ToFloat(_buffer!.Bytes, _type, _converted.AsSpan(0, rows * Length));
    }

    /// <summary>Call after each run of a <see cref="Free"/> output: takes over what the runtime made.</summary>
    public void Take(int row, OrtValue value)
    {
        var shape = value.GetTensorTypeAndShape().Shape;
        var length = Elements(shape);
        var numbers = _taken[row].Numbers.Length >= length ? _taken[row].Numbers : new float[length];
        if (length > 0) TensorTypes.ToFloat(value.GetTensorMutableRawData(), _type, numbers.AsSpan(0, length));
        _taken[row] = (shape, numbers, length);
    }

    public void Dispose() => _buffer?.Dispose();

    private static int Elements(long[] shape) => checked((int)shape.Aggregate(1L, (product, side) => checked(product * side)));
}
