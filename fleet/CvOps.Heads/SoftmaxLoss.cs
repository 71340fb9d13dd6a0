using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace CvOps.Heads;

/// <summary>
/// Weighted mean cross-entropy + l2/2 |W|^2 with its gradient; the point is W, row by row, then one bias a class. Rows are worked off in
/// blocks that stay in the second cache between the two products, and blocks in chunks, each with sums of its own that are added in their
/// order: the bits do not depend on the number of threads. The caller disposes it.
/// </summary>
internal sealed unsafe class SoftmaxLoss : IDisposable
{
    private const int BlockRows = 32;

    /// <summary>Chunks at most: more than the threads that are worth having, and few enough that adding them costs nothing.</summary>
    private const int MostChunks = 16;

    /// <summary>Keeps the bias of a class without rows finite.</summary>
    private const double AbsentRidge = 1e-6;

    private readonly EmbeddingMatrix _rows;
    private readonly int[] _labels;
    private readonly double[] _importance;
    private readonly bool[] _absent;
    private readonly int _classes;
    private readonly double _l2;
    private readonly ParallelOptions _parallel;
    private readonly double* _weights;
    private readonly double* _bias;
    private readonly double* _sums;

    /// <param name="importance">Share of each row in the mean; their sum is 1.</param>
    public SoftmaxLoss(EmbeddingMatrix rows, Samples samples, double[] importance, double l2, int threads)
    {
        (_rows, _labels, _importance, _classes, _l2) = (rows, [.. samples.Labels], importance, samples.Classes, l2);
        _absent = [.. Enumerable.Range(0, _classes).Select(c => !_labels.Contains(c))];
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
        ChunkRows = Math.Max(512, (rows.Count + MostChunks - 1) / MostChunks);
        Chunks = (rows.Count + ChunkRows - 1) / ChunkRows;
        _weights = Allocate(_classes * rows.Stride);
        _bias = Allocate(_classes);
        _sums = Allocate(Chunks * SumsOfChunk);
    }

    public int Parameters => _classes * (_rows.Dimensions + 1);

    private int ChunkRows { get; }

    private int Chunks { get; }

    /// <summary>The gradient of the weights, of the biases, the loss, and room for a block's logits; whole cache lines.</summary>
    private int SumsOfChunk => (LossAt + 1 + BlockRows * _classes + 7) / 8 * 8;

    private int LossAt => _classes * _rows.Stride + _classes;

    public double Evaluate(ReadOnlySpan<double> point, Span<double> gradient)
    {
        var (classes, dimensions, stride) = (_classes, _rows.Dimensions, _rows.Stride);
        for (var c = 0; c < classes; c++) point.Slice(c * dimensions, dimensions).CopyTo(new Span<double>(_weights + (nint)c * stride, dimensions));
        point[(classes * dimensions)..].CopyTo(new Span<double>(_bias, classes));
        if (_parallel.MaxDegreeOfParallelism == 1 || Chunks == 1)
            for (var chunk = 0; chunk < Chunks; chunk++) Work(chunk);
        else
            Parallel.For(0, Chunks, _parallel, Work);

        gradient.Clear();
        var loss = 0.0;
        for (var chunk = 0; chunk < Chunks; chunk++)
        {
            var sums = _sums + (nint)chunk * SumsOfChunk;
            for (var c = 0; c < classes; c++)
            {
                var into = gradient.Slice(c * dimensions, dimensions);
                TensorPrimitives.Add(into, new ReadOnlySpan<double>(sums + (nint)c * stride, dimensions), into);
                gradient[classes * dimensions + c] += sums[(nint)classes * stride + c];
            }

            loss += sums[LossAt];
        }

        var weights = point[..(classes * dimensions)];
        TensorPrimitives.MultiplyAdd(weights, _l2, gradient[..weights.Length], gradient[..weights.Length]);
        loss += _l2 / 2 * TensorPrimitives.SumOfSquares(weights);
        for (var c = 0; c < classes; c++)
        {
            if (!_absent[c]) continue;
            loss += AbsentRidge / 2 * _bias[c] * _bias[c];
            gradient[weights.Length + c] += AbsentRidge * _bias[c];
        }

        return loss;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_weights);
        NativeMemory.AlignedFree(_bias);
        NativeMemory.AlignedFree(_sums);
    }

    private void Work(int chunk)
    {
        var sums = _sums + (nint)chunk * SumsOfChunk;
        new Span<double>(sums, SumsOfChunk).Clear();
        var errors = sums + LossAt + 1;
        var end = Math.Min((chunk + 1) * ChunkRows, _rows.Count);
        for (var row = chunk * ChunkRows; row < end; row += BlockRows)
        {
            var count = Math.Min(BlockRows, end - row);
            var values = _rows.Values + (nint)row * _rows.Stride;
            Tiles.Logits(values, count, _weights, _bias, _classes, _rows.Width, _rows.Stride, errors);
            sums[LossAt] += Errors(
                new Span<double>(errors, count * _classes), _classes, _labels.AsSpan(row, count), _importance.AsSpan(row, count), new Span<double>(sums + (nint)_classes * _rows.Stride, _classes));
            Tiles.AddGradient(values, count, errors, _classes, _rows.Width, _rows.Stride, sums);
        }
    }

    /// <summary>Logits become the loss's derivative by them.</summary>
    /// <param name="logits">[rows, classes].</param>
    /// <param name="biases">The derivatives are added to it, one a class.</param>
    /// <returns>The rows' part of the loss.</returns>
    public static double Errors(Span<double> logits, int classes, ReadOnlySpan<int> labels, ReadOnlySpan<double> importance, Span<double> biases)
    {
        var loss = 0.0;
        for (var row = 0; row < labels.Length; row++)
        {
            var own = logits.Slice(row * classes, classes);
            TensorPrimitives.Subtract(own, TensorPrimitives.Max<double>(own), own);
            loss -= importance[row] * own[labels[row]];
        }

        TensorPrimitives.Exp<double>(logits, logits);
        for (var row = 0; row < labels.Length; row++)
        {
            var own = logits.Slice(row * classes, classes);
            var sum = TensorPrimitives.Sum<double>(own);
            loss += importance[row] * Math.Log(sum);
            TensorPrimitives.Multiply(own, importance[row] / sum, own);
            own[labels[row]] -= importance[row];
            TensorPrimitives.Add(biases, own, biases);
        }

        return loss;
    }

    private static double* Allocate(int count)
    {
        var memory = (double*)NativeMemory.AlignedAlloc((nuint)count * sizeof(double), 64);
        new Span<double>(memory, count).Clear();
        return memory;
    }
}
