namespace CvOps.Fleet.Datasets.Formats.Files;

/// <summary>How much an import may bring. What comes is anybody's: a small archive must not become a full disk.</summary>
internal sealed record ImportLimits
{
    /// <summary>Of the upload itself.</summary>
    public long UploadBytes { get; init; } = 64L << 30;

    /// <summary>Files in an archive: two for each of 200,000 pictures, and a few.</summary>
    public int Entries { get; init; } = 500_000;

    /// <summary>All files together, unpacked.</summary>
    public long TotalBytes { get; init; } = 128L << 30;

    /// <summary>A file with labels, unpacked.</summary>
    public long DocumentBytes { get; init; } = 4L << 30;

    public int ImageBytes { get; init; } = 64 << 20;

    /// <summary>Unpacked over packed, of anything larger than <see cref="RatioFrom"/>. JPEGs do not shrink, labels by a factor of ten to thirty.</summary>
    public int Ratio { get; init; } = 200;

    public long RatioFrom { get; init; } = 1 << 20;

    /// <summary>Pictures of one import: they are written in one transaction, in which nobody else writes.</summary>
    public int Pictures { get; init; } = 200_000;
}
