namespace CvOps.Contracts.Api;

/// <summary>The frames most like one, the nearest first.</summary>
/// <param name="Searched">How many frames were looked at.</param>
/// <param name="Problem">Why there are none, in a sentence; null when there are.</param>
public sealed record SimilarFramesView(FrameView Frame, IReadOnlyList<SimilarFrame> Similar, int Searched, string? Problem);

/// <param name="Distance">Cosine distance of the embeddings, 0..2; 0 for the same picture.</param>
/// <param name="SamePicture">The very same file.</param>
public sealed record SimilarFrame(FrameView Frame, double Distance, bool SamePicture);
