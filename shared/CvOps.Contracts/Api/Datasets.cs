namespace CvOps.Contracts.Api;

/// <summary>Freezes the labelled frames. <paramref name="Device"/> and <paramref name="Since"/> narrow it; null takes all.</summary>
public sealed record SnapshotRequest(string Name, string By, DeviceId? Device = null, DateTimeOffset? Since = null);

/// <param name="Digest">SHA-256 over the sorted entries: the same frames and labels give the same digest.</param>
public sealed record DatasetView(string Digest, string Name, int Frames, int Golden, IReadOnlyDictionary<string, int> Classes, DateTimeOffset CreatedAt, string By);

public sealed record DatasetDetail(DatasetView View, IReadOnlyList<DatasetEntry> Entries);

public sealed record DatasetEntry(string FrameId, string ImageDigest, string? Class, FrameUse Use, IReadOnlyList<LabelBox> Boxes)
{
    /// <summary>Null without polygons, and in snapshots of earlier fleets.</summary>
    public IReadOnlyList<LabelPolygon>? Polygons { get; init; }

    public PartVerdict? Verdict { get; init; }

    /// <summary>Size of the picture in pixels; null in snapshots of earlier fleets.</summary>
    public int? Width { get; init; }

    public int? Height { get; init; }
}
