using CvOps.Contracts.Packages;
using CvOps.Vision;

namespace CvOps.Fleet.Datasets.Quality.Pictures;

/// <summary>
/// Makes embeddings that can be compared with each other: those of one model, or without one <see cref="GradientEmbedding"/>'s. One thread at a time.
/// </summary>
internal sealed class EmbeddingSpace : IDisposable
{
    private readonly ModelRunner? _runner;
    private EmbeddingCode? _code;

    private EmbeddingSpace(string name, ModelRunner? runner) => (Name, _runner) = (name, runner);

    /// <summary>Digest of the model, or <see cref="GradientEmbedding.Space"/>. What is of another space can't be compared.</summary>
    public string Name { get; }

    public static EmbeddingSpace Gradients() => new(GradientEmbedding.Space, null);

    /// <param name="manifest">Of a model with an embedding.</param>
    /// <exception cref="ModelException">The model and its manifest don't fit.</exception>
    public static EmbeddingSpace Of(string digest, ReadOnlyMemory<byte> onnx, ModelManifest manifest) => new(digest, ModelRunner.Open(onnx, manifest, new SessionSettings()));

    /// <summary>What is to be known of a picture. A file that is none is a trait with its fault, no exception.</summary>
    public PictureTrait Describe(string image, byte[] jpeg)
    {
        DecodedPicture picture;
        try
        {
            picture = JpegCodec.Decode(jpeg);
        }
        catch (PictureException e)
        {
            return new PictureTrait(image, e.Message);
        }
        var statistics = FrameStatistics.Measure(picture.View);
        var trait = new PictureTrait(image, null)
        {
            Width = picture.Width, Height = picture.Height, Hash = PerceptualHash.Of(GreyThumbnail.Of(picture, PerceptualHash.Side)),
            Brightness = statistics.Brightness, Contrast = statistics.Contrast,
        };
        if (Embed(picture) is not { Length: > 0 } embedding) return trait;
        _code ??= new EmbeddingCode(embedding.Length);
        var code = new sbyte[Similar.SimilarityIndex.CodeBytes];
        return _code.TryEncode(embedding, code) ? trait with { Code = code, Embedding = embedding } : trait;
    }

    public void Dispose() => _runner?.Dispose();

    /// <returns>Null where the model can't work on this picture.</returns>
    private float[]? Embed(DecodedPicture picture)
    {
        if (_runner is null) return GradientEmbedding.Of(GreyThumbnail.Of(picture, GradientEmbedding.Side));
        try
        {
            return _runner.Infer(picture.View).Embedding;
        }
        catch (ModelException)
        {
            return null;
        }
    }
}
