namespace CvOps.Fleet.Datasets.Quality.Similar;

/// <summary>The similarity index of this process, by the space its codes are of. Another space begins with an empty one.</summary>
internal sealed class FrameIndex
{
    private (string Space, SimilarityIndex Index) _current = (Pictures.GradientEmbedding.Space, new SimilarityIndex());
    private readonly Lock _lock = new();

    public (string Space, SimilarityIndex Index) Current
    {
        get { lock (_lock) return _current; }
    }

    public SimilarityIndex Begin(string space)
    {
        lock (_lock)
        {
            _current = (space, new SimilarityIndex());
            return _current.Index;
        }
    }
}
