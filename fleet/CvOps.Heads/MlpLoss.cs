using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace CvOps.Heads;

/// <summary>
/// As <see cref="SoftmaxLoss"/> with a layer of rectified units in between; both layers' weights are penalised. The point is the first layer's weights
/// [units, dimensions], its biases, the second's [classes, units], its biases. The caller disposes it.
/// </summary>
internal sealed unsafe class MlpLoss : IDisposable
{
    private const int BlockRows = 32;
    private const int MostChunks = 16;

    private readonly EmbeddingMatrix _rows;
    private readonly int[] _labels;
    private readonly double[] _importance;
    private readonly int _classes;
    private readonly int _units;
    private readonly int _hiddenStride;
    private readonly double _l2;
    private readonly int _chunkRows;
    private readonly int _chunks;
    private readonly ParallelOptions _parallel;
    private readonly double* _memory;

    /// <param name="importance">Share of each row in the mean; their sum is 1.</param>
    public MlpLoss(EmbeddingMatrix rows, Samples samples, double[] importance, int units, double l2, int threads)
    {
        (_rows, _labels, _importance, _classes, _units, _l2) = (rows, [.. samples.Labels], importance, samples.Classes, units, l2);
        _hiddenStride = (units + EmbeddingMatrix.Tile - 1) / EmbeddingMatrix.Tile * EmbeddingMatrix.Tile + 8;
        _chunkRows = Math.Max(256, (rows.Count + MostChunks - 1) / MostChunks);
        _chunks = (rows.Count + _chunkRows - 1) / _chunkRows;
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
        var size = (nuint)(LayerSize + _chunks * ChunkSize) * sizeof(double);
        _memory = (double*)NativeMemory.AlignedAlloc(size, 64);
        NativeMemory.Clear(_memory, size);
    }

    public int Parameters => _units * (_rows.Dimensions + 1) + _classes * (_units + 1);

    /// <summary>First weights, first biases, second weights, second biases, padded: the point as the loops read it, and a chunk's gradient.</summary>
    private int LayerSize => Whole(_units * _rows.Stride) + Whole(_units) + Whole(_classes * _hiddenStride) + Whole(_classes);

    /// <summary>A gradient, the loss, and room for a block: units, rectified units, logits, errors of the units.</summary>
    private int ChunkSize => LayerSize + 8 + Whole(BlockRows * _units) + BlockRows * _hiddenStride + Whole(BlockRows * _classes) + Whole(BlockRows * _units);

    public double Evaluate(ReadOnlySpan<double> point, Span<double> gradient)
    {
        Scatter(point);
        if (_parallel.MaxDegreeOfParallelism == 1 || _chunks == 1)
            for (var chunk = 0; chunk < _chunks; chunk++) Work(chunk);
        else
            Parallel.For(0, _chunks, _parallel, Work);
        gradient.Clear();
        var loss = 0.0;
        for (var chunk = 0; chunk < _chunks; chunk++)
        {
            var sums = _memory + LayerSize + (nint)chunk * ChunkSize;
            var at = 0;
            foreach (var (offset, rows, columns, stride) in Layers())
            {
                for (var row = 0; row < rows; row++, at += columns)
                {
                    var into = gradient.Slice(at, columns);
                    TensorPrimitives.Add(into, new ReadOnlySpan<double>(sums + offset + (nint)row * stride, columns), into);
                }
            }
            loss += sums[LayerSize];
        }

        var position = 0;
        foreach (var (_, rows, columns, _) in Layers())
        {
            var length = rows * columns;
            var isBias = columns == 1;
            if (!isBias)
            {
                TensorPrimitives.MultiplyAdd(point.Slice(position, length), _l2, gradient.Slice(position, length), gradient.Slice(position, length));
                loss += _l2 / 2 * TensorPrimitives.SumOfSquares(point.Slice(position, length));
            }
            position += length;
        }
        return loss;
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    /// <summary>Where each part of a layer lies; a bias is a matrix of one column without padding.</summary>
    private (int Offset, int Rows, int Columns, int Stride)[] Layers()
    {
        var (bias, second) = (Whole(_units * _rows.Stride), Whole(_units * _rows.Stride) + Whole(_units));
        return [(0, _units, _rows.Dimensions, _rows.Stride), (bias, _units, 1, 1), (second, _classes, _units, _hiddenStride), (second + Whole(_classes * _hiddenStride), _classes, 1, 1)];
    }

    private void Scatter(ReadOnlySpan<double> point)
    {
        var at = 0;
        foreach (var (offset, rows, columns, stride) in Layers())
            for (var row = 0; row < rows; row++, at += columns) point.Slice(at, columns).CopyTo(new Span<double>(_memory + offset + (nint)row * stride, columns));
    }

    private void Work(int chunk)
    {
        var layers = Layers();
        var sums = _memory + LayerSize + (nint)chunk * ChunkSize;
        new Span<double>(sums, ChunkSize).Clear();
        var units = sums + LayerSize + 8;
        var hidden = units + Whole(BlockRows * _units);
        var logits = hidden + BlockRows * _hiddenStride;
        var back = logits + Whole(BlockRows * _classes);
        double* first = _memory, firstBias = _memory + layers[1].Offset, second = _memory + layers[2].Offset, secondBias = _memory + layers[3].Offset;
        var end = Math.Min((chunk + 1) * _chunkRows, _rows.Count);
        for (var row = chunk * _chunkRows; row < end; row += BlockRows)
        {
            var count = Math.Min(BlockRows, end - row);
            var values = _rows.Values + (nint)row * _rows.Stride;
            Tiles.Logits(values, count, first, firstBias, _units, _rows.Width, _rows.Stride, units);
            for (var i = 0; i < count; i++)
                TensorPrimitives.Max(new ReadOnlySpan<double>(units + i * _units, _units), 0.0, new Span<double>(hidden + i * _hiddenStride, _units));
            Tiles.Logits(hidden, count, second, secondBias, _classes, _hiddenStride - 8, _hiddenStride, logits);
            sums[LayerSize] += SoftmaxLoss.Errors(new Span<double>(logits, count * _classes), _classes, _labels.AsSpan(row, count), _importance.AsSpan(row, count), new Span<double>(sums + layers[3].Offset, _classes));
            Tiles.AddGradient(hidden, count, logits, _classes, _hiddenStride - 8, _hiddenStride, sums + layers[2].Offset);
            for (var i = 0; i < count; i++)
            {
                var error = new Span<double>(back + i * _units, _units);
                error.Clear();
                for (var c = 0; c < _classes; c++) TensorPrimitives.MultiplyAdd(new ReadOnlySpan<double>(second + (nint)c * _hiddenStride, _units), logits[i * _classes + c], error, error);
                for (var unit = 0; unit < _units; unit++)
                    if (units[i * _units + unit] <= 0) error[unit] = 0;
                var bias = new Span<double>(sums + layers[1].Offset, _units);
                TensorPrimitives.Add(bias, error, bias);
            }
            Tiles.AddGradient(values, count, back, _units, _rows.Width, _rows.Stride, sums);
        }
    }

    private static int Whole(int doubles) => (doubles + 7) / 8 * 8;
}
