using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace CvOps.Heads;

/// <summary>Embeddings with mean 0 and standard deviation 1 a feature, in memory that the loss's loops read at full width. The caller disposes it.</summary>
internal sealed unsafe class EmbeddingMatrix : IDisposable
{
    /// <summary>Doubles of a tile of the gradient; rows are padded to whole tiles with zeros.</summary>
    public const int Tile = 32;

    /// <summary>Rows of a power of two apart would share a few sets of the first cache; this much more moves each to sets of its own.</summary>
    private const int Skew = 8;

    private EmbeddingMatrix(int count, int dimensions)
    {
        (Count, Dimensions) = (count, dimensions);
        Width = (dimensions + Tile - 1) / Tile * Tile;
        Stride = Width + Skew;
        var bytes = (nuint)count * (nuint)Stride * sizeof(double);
        Values = (double*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(Values, bytes);
        (Mean, Scale) = (new double[dimensions], new double[dimensions]);
    }

    /// <summary>Row i begins at i * <see cref="Stride"/>; what stands behind <see cref="Dimensions"/> is zero.</summary>
    public double* Values { get; private set; }

    public int Count { get; }

    public int Dimensions { get; }

    /// <summary><see cref="Dimensions"/> rounded up to whole tiles.</summary>
    public int Width { get; }

    /// <summary>Doubles from one row to the next.</summary>
    public int Stride { get; }

    /// <summary>Of the features as they came.</summary>
    public double[] Mean { get; }

    /// <summary>One over the standard deviation; zero for a feature that never moves: it says nothing, and gets no weight rather than an endless one.</summary>
    public double[] Scale { get; }

    /// <exception cref="HeadFitException">An embedding is NaN or infinite.</exception>
    public static EmbeddingMatrix Standardise(Samples samples)
    {
        var matrix = new EmbeddingMatrix(samples.Count, samples.Dimensions);
        try
        {
            matrix.Fill(samples.Rows);
            return matrix;
        }
        catch
        {
            matrix.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Values);
        Values = null;
    }

    private Span<double> Row(int i) => new(Values + (nint)i * Stride, Dimensions);

    private void Fill(IReadOnlyList<float[]> rows)
    {
        for (var i = 0; i < Count; i++)
        {
            TensorPrimitives.ConvertTruncating<float, double>(rows[i], Row(i));
            TensorPrimitives.Add(Mean, Row(i), Mean);
        }

        // A sum holds the NaN or infinity of any of its rows.
        if (Mean.Any(sum => !double.IsFinite(sum))) throw new HeadFitException("An embedding holds NaN or infinity: the parent does not work on this picture.");
        TensorPrimitives.Divide(Mean, Count, Mean);
        for (var i = 0; i < Count; i++)
        {
            TensorPrimitives.Subtract(Row(i), Mean, Row(i));
            TensorPrimitives.MultiplyAdd(Row(i), Row(i), Scale, Scale);
        }

        for (var d = 0; d < Dimensions; d++) Scale[d] = Scale[d] / Count > 1e-12 ? 1 / Math.Sqrt(Scale[d] / Count) : 0;
        for (var i = 0; i < Count; i++) TensorPrimitives.Multiply(Row(i), Scale, Row(i));
    }
}
