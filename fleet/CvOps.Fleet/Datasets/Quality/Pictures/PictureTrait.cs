namespace CvOps.Fleet.Datasets.Quality.Pictures;

/// <summary>What is kept of a picture so that it can be compared without being read again.</summary>
/// <param name="Image">SHA-256 of the file.</param>
/// <param name="Fault">Why it can't be shown, in a sentence; all that follows is then null. Null for a sound picture.</param>
internal sealed record PictureTrait(string Image, string? Fault)
{
    public int? Width { get; init; }

    public int? Height { get; init; }

    /// <summary>See <see cref="PerceptualHash"/>; null for a constant picture.</summary>
    public ulong? Hash { get; init; }

    /// <summary>Mean luma, 0..255.</summary>
    public double? Brightness { get; init; }

    /// <summary>Standard deviation of luma, 0..127.5.</summary>
    public double? Contrast { get; init; }

    /// <summary>See <see cref="EmbeddingCode"/>; null where the embedding has no direction.</summary>
    public sbyte[]? Code { get; init; }

    /// <summary>The embedding as it came; null as the code.</summary>
    public float[]? Embedding { get; init; }
}
