namespace CvOps.Contracts.Packages;

/// <summary>
/// Where the reference's embeddings lie: mean, covariance sketch, and the random projections whose histograms stand in the profile under
/// <see cref="Covariates.Embedding"/>. D numbers of an embedding, at most <see cref="Limits.EmbeddingNumbers"/>.
/// </summary>
public sealed record EmbeddingReference
{
    /// <summary>Embeddings it was made from.</summary>
    public required long Frames { get; init; }

    /// <summary>[D].</summary>
    public required IReadOnlyList<float> Mean { get; init; }

    /// <summary>Directions of the largest variance, orthonormal, [at most 8][D]: Frequent Directions (Ghashami, Liberty, Phillips, Woodruff 2016).</summary>
    public required IReadOnlyList<IReadOnlyList<float>> Directions { get; init; }

    /// <summary>Variance along each direction, falling; each too small by <see cref="Error"/> at most.</summary>
    public required IReadOnlyList<double> Variances { get; init; }

    /// <summary>Mean variance of the dimensions that the directions leave.</summary>
    public required double Rest { get; init; }

    /// <summary>Largest error of the sketched variance along any direction.</summary>
    public required double Error { get; init; }

    /// <summary>Random projections; 0 for none.</summary>
    public required int Projections { get; init; }

    /// <summary>
    /// Of the signs of the projections: bit i of the SplitMix64 stream from this seed, D bits a projection from a new word each, 1 for plus. A projection is
    /// the signed sum of embedding less mean over the square root of D.
    /// </summary>
    public required long Seed { get; init; }
}
