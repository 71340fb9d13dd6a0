using System.Numerics;
using System.Runtime.InteropServices;
using CvOps.Contracts.Packages;

namespace CvOps.Statistics.Embeddings;

/// <summary>
/// Holds embeddings against a profile's reference: how far from its mean in standard deviations, and where along its random projections
/// (Johnson and Lindenstrauss 1984, with signs: Achlioptas 2003). Allocates nothing; not for several threads at once.
/// </summary>
public sealed class EmbeddingGauge
{
    // A variance below this part of the mean one is taken for this much, so that a direction the reference never used is far and not infinitely far.
    private const double LeastShare = 1e-3;

    private readonly float[] _mean;
    private readonly float[] _centred;
    private readonly float[][] _directions;
    private readonly double[] _weights;
    private readonly double _rest;
    private readonly float[][] _projections;

    public EmbeddingGauge(EmbeddingReference reference)
    {
        _mean = [.. reference.Mean];
        _centred = new float[_mean.Length];
        _directions = [.. reference.Directions.Select(direction => direction.ToArray())];
        var average = (reference.Variances.Sum() + reference.Rest * (_mean.Length - _directions.Length)) / _mean.Length;
        var least = Math.Max(LeastShare * average, double.Epsilon);
        _rest = 1 / Math.Max(reference.Rest, least);
        // Sketched variances are too small, if wrong: none is less than what the rest has on average.
        _weights = [.. reference.Variances.Select(variance => 1 / Math.Max(variance, 1 / _rest) - _rest)];
        _projections = Signs(reference.Projections, _mean.Length, reference.Seed);
    }

    /// <summary>Numbers of an embedding.</summary>
    public int Length => _mean.Length;

    public int Projections => _projections.Length;

    /// <param name="projections">At least <see cref="Projections"/>; filled.</param>
    /// <returns>The distance, about 1 on the reference; NaN, as every projection then, for an embedding of another length or with a number that is not finite.</returns>
    public double Measure(ReadOnlySpan<float> embedding, Span<double> projections)
    {
        var squares = double.NaN;
        if (embedding.Length == _mean.Length)
        {
            for (var i = 0; i < _mean.Length; i++) _centred[i] = embedding[i] - _mean[i];
            squares = Dot(_centred, _centred);
        }
        if (!double.IsFinite(squares))
        {
            projections[.._projections.Length].Fill(double.NaN);
            return double.NaN;
        }
        for (var j = 0; j < _projections.Length; j++) projections[j] = Dot(_projections[j], _centred);
        var sum = squares * _rest;
        for (var k = 0; k < _directions.Length; k++)
        {
            double along = Dot(_directions[k], _centred);
            sum += along * along * _weights[k];
        }
        return Math.Sqrt(Math.Max(0, sum) / _mean.Length);
    }

    private static float[][] Signs(int projections, int dimensions, long seed)
    {
        var (state, scale) = ((ulong)seed, (float)(1 / Math.Sqrt(dimensions)));
        var signs = new float[projections][];
        for (var j = 0; j < projections; j++)
        {
            signs[j] = new float[dimensions];
            ulong word = 0;
            for (var i = 0; i < dimensions; i++)
            {
                if (i % 64 == 0) word = SplitMix64(ref state);
                signs[j][i] = (word >> (i % 64) & 1) == 1 ? scale : -scale;
            }
        }
        return signs;
    }

    /// <remarks>Steele, Lea and Flood 2014.</remarks>
    private static ulong SplitMix64(ref ulong state)
    {
        var z = state += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }

    private static float Dot(float[] a, float[] b)
    {
        var left = MemoryMarshal.Cast<float, Vector<float>>(a);
        var right = MemoryMarshal.Cast<float, Vector<float>>(b);
        var sums = Vector<float>.Zero;
        for (var i = 0; i < left.Length; i++) sums += left[i] * right[i];
        var sum = Vector.Sum(sums);
        for (var i = left.Length * Vector<float>.Count; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
