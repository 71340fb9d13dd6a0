using System.Numerics.Tensors;
using CvOps.Fleet.Datasets.Quality.Similar;

namespace CvOps.Fleet.Datasets.Quality.Pictures;

/// <summary>
/// An embedding in 64 bytes: at length 1, turned into 64 numbers by a fixed random map with orthonormal rows, which keeps distances but for a share of about
/// 1 / sqrt(32) (Johnson and Lindenstrauss, 1984; all of them where the embedding has at most 64 numbers), and rounded to steps of 1 / <see cref="Steps"/>.
/// Squared distances of codes are so 2 Steps^2 times the cosine distance. Any thread.
/// </summary>
internal sealed class EmbeddingCode
{
    /// <summary>Of the unit. A number of the map's is hardly ever beyond 0.6: five deviations.</summary>
    public const double Steps = sbyte.MaxValue / 0.6;

    private const int Seed = 64;
    private const int Numbers = SimilarityIndex.CodeBytes;

    private readonly float[][] _rows;

    /// <param name="dimensions">Numbers of the embeddings.</param>
    public EmbeddingCode(int dimensions) => _rows = dimensions > Numbers ? Reduced(dimensions) : Turned(dimensions);

    /// <param name="code">64 numbers, filled.</param>
    /// <returns>False for an embedding of zeros, or with NaN or infinity: it has no direction.</returns>
    public bool TryEncode(ReadOnlySpan<float> embedding, Span<sbyte> code)
    {
        var length = TensorPrimitives.Norm(embedding);
        if (!(length > 0) || !float.IsFinite(length)) return false;
        for (var i = 0; i < Numbers; i++)
            code[i] = (sbyte)Math.Clamp(Math.Round(TensorPrimitives.Dot(_rows[i], embedding) / length * Steps), -sbyte.MaxValue, sbyte.MaxValue);
        return true;
    }

    /// <summary>Cosine distance of the pictures whose codes are so far apart, 0..2.</summary>
    /// <param name="distance">Squared, of the codes.</param>
    public static double CosineOf(int distance) => distance / (2 * Steps * Steps);

    private static float[][] Reduced(int dimensions)
    {
        var scale = Math.Sqrt((double)dimensions / Numbers);
        return [.. Orthonormal(Numbers, dimensions).Select(row => Array.ConvertAll(row, value => (float)(value * scale)))];
    }

    /// <summary>As many directions of the 64 as the embedding has numbers.</summary>
    private static float[][] Turned(int dimensions)
    {
        var columns = Orthonormal(dimensions, Numbers);
        return [.. Enumerable.Range(0, Numbers).Select(i => Array.ConvertAll(columns, column => (float)column[i]))];
    }

    /// <summary>Gram and Schmidt's, of normal numbers.</summary>
    private static double[][] Orthonormal(int count, int length)
    {
        // A seeded System.Random keeps its algorithm between versions of .NET, so stored codes stay comparable.
        var random = new Random(Seed);
        var rows = new double[count][];
        for (var i = 0; i < count; i++)
        {
            var row = rows[i] = [.. Enumerable.Range(0, length).Select(_ => Gauss(random))];
            // Twice is enough (Giraud, Langou and Rozloznik, 2005).
            for (var again = 0; again < 2; again++)
                for (var j = 0; j < i; j++) TensorPrimitives.MultiplyAdd(rows[j], -TensorPrimitives.Dot<double>(rows[j], row), row, row);
            TensorPrimitives.Divide(row, TensorPrimitives.Norm<double>(row), row);
        }
        return rows;
    }

    private static double Gauss(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
