using CvOps.Contracts;
using CvOps.Contracts.Packages;

namespace CvOps.Statistics.Embeddings;

/// <summary>Makes the embedding part of a reference profile.</summary>
public static class EmbeddingReferenceBuilder
{
    private const int LeastEmbeddings = 30;
    private const int Directions = 8;

    // More would not change the sketch's directions, and a fleet that packs has lines to serve.
    private const int MostSketched = 2000;

    // The sketch loses least of the few directions that are kept when it is wider than they are.
    private const int SketchedDirections = 16;
    private const int Projections = 6;

    // Any will do; the profile says which.
    private const long Seed = 20_261_121;

    /// <param name="embeddings">All of one length, finite.</param>
    /// <returns>Null when they are fewer than 30, all the same, empty, or longer than <see cref="Limits.EmbeddingNumbers"/>: there is nothing to compare with then.</returns>
    public static EmbeddingReference? Build(IReadOnlyList<float[]> embeddings)
    {
        if (embeddings.Count < LeastEmbeddings || embeddings[0].Length is 0 or > Limits.EmbeddingNumbers) return null;
        var dimensions = embeddings[0].Length;
        var mean = new double[dimensions];
        foreach (var embedding in embeddings)
            for (var i = 0; i < dimensions; i++) mean[i] += embedding[i] / (double)embeddings.Count;
        // What an agent will take off is what is taken off here.
        float[] kept = [.. mean.Select(m => (float)m)];

        var sketch = new FrequentDirections(Math.Min(SketchedDirections, dimensions), dimensions);
        var (centred, total, sketched) = (new double[dimensions], 0.0, 0);
        for (var at = 0; at < embeddings.Count; at += (embeddings.Count + MostSketched - 1) / MostSketched, sketched++)
        {
            for (var i = 0; i < dimensions; i++) total += (centred[i] = embeddings[at][i] - kept[i]) * centred[i];
            sketch.Add(centred);
        }
        if (total == 0) return null;
        var directions = sketch.Directions().Take(Directions).ToArray();
        var variances = directions.Select(d => d.SquaredLength / sketched).ToArray();
        return new EmbeddingReference
        {
            Frames = embeddings.Count, Mean = kept, Directions = [.. directions.Select(d => (IReadOnlyList<float>)[.. d.Direction.Select(x => (float)x)])], Variances = variances,
            Rest = Math.Max(0, total / sketched - variances.Sum()) / Math.Max(1, dimensions - directions.Length),
            Error = sketch.Error / sketched, Projections = Projections, Seed = Seed,
        };
    }
}
