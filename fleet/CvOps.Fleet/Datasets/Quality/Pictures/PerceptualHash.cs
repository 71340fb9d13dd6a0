using System.Numerics;
using System.Numerics.Tensors;

namespace CvOps.Fleet.Datasets.Quality.Pictures;

/// <summary>
/// Hash of a picture's lowest frequencies (pHash; Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010): 64 coefficients of the cosine
/// transform of 32 x 32 greys, a bit each for above their median. Pictures that differ by compression, size or light differ in few bits.
/// </summary>
internal static class PerceptualHash
{
    /// <summary>Of the square of greys.</summary>
    public const int Side = 32;

    private const int Kept = 8;

    // What rounding to whole levels alone gives a constant picture.
    private const float LeastContrast = 0.5f;

    private static readonly float[] Cosines = [.. Enumerable.Range(0, Kept).SelectMany(k => Enumerable.Range(0, Side).Select(x => (float)Math.Cos(Math.PI * (k + 1) * (x + 0.5) / Side)))];

    /// <param name="greys">32 x 32, row by row.</param>
    /// <returns>Null for a constant picture, which is like every other constant one.</returns>
    public static ulong? Of(ReadOnlySpan<float> greys)
    {
        var mean = TensorPrimitives.Sum(greys) / greys.Length;
        var contrast = 0f;
        foreach (var grey in greys) contrast = Math.Max(contrast, Math.Abs(grey - mean));
        if (contrast < LeastContrast) return null;
        // Frequencies 1 to 8 in both directions: 0 is the light.
        Span<float> half = stackalloc float[Side * Kept];
        for (var y = 0; y < Side; y++)
            for (var k = 0; k < Kept; k++) half[k * Side + y] = Dot(greys.Slice(y * Side, Side), k);
        Span<float> coefficients = stackalloc float[Kept * Kept];
        for (var k = 0; k < Kept; k++)
            for (var l = 0; l < Kept; l++) coefficients[l * Kept + k] = Dot(half.Slice(k * Side, Side), l);
        Span<float> sorted = stackalloc float[Kept * Kept];
        coefficients.CopyTo(sorted);
        sorted.Sort();
        var median = (sorted[Kept * Kept / 2 - 1] + sorted[Kept * Kept / 2]) / 2;
        var hash = 0UL;
        foreach (var coefficient in coefficients) hash = hash << 1 | (coefficient > median ? 1UL : 0);
        return hash;
    }

    /// <summary>Bits that differ.</summary>
    public static int Distance(ulong one, ulong other) => BitOperations.PopCount(one ^ other);

    private static float Dot(ReadOnlySpan<float> values, int frequency) => TensorPrimitives.Dot(values, Cosines.AsSpan(frequency * Side, Side));
}
