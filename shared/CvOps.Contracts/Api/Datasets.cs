namespace CvOps.Contracts.Api;

/// <summary>Freezes the labelled frames. <paramref name="Device"/> and <paramref name="Since"/> narrow it; null takes all.</summary>
public sealed record SnapshotRequest(string Name, string By, DeviceId? Device = null, DateTimeOffset? Since = null)
{
    /// <summary>Of any device, unless one is named.</summary>
    public CameraId? Camera { get; set; }

    /// <summary>Frames captured from then on stay out.</summary>
    public DateTimeOffset? Until { get; set; }

    /// <summary>A selector over the labels of devices, such as <c>line in (3,4),product=m8</c>; frames of no device are left out then.</summary>
    public string? Where { get; set; }

    /// <summary>Null: everything that is not golden is for training.</summary>
    public SplitShares? Splits { get; set; }

    /// <summary>What never lies in two splits.</summary>
    public SplitBy GroupBy { get; set; }

    /// <summary>
    /// Frames without a part that a camera took in quick succession, none later than this after the one before, are one burst, and so one group. In seconds; 0 for no bursts.
    /// </summary>
    public double BurstSeconds { get; set; } = 2;

    /// <summary>Whether synthetic frames may be among those for training.</summary>
    public bool Synthetic { get; set; } = true;
}

/// <summary>Shares of the groups that are not golden; together 1.</summary>
public sealed record SplitShares(double Train, double Validation = 0, double Test = 0);

/// <summary>Stored by name. A trainer learns from Train and may measure itself on Validation; Test never leaves the fleet for training.</summary>
public enum DatasetSplit { Train, Validation, Test }

/// <summary>
/// What frames belong together. Part: the frames of a part, those of a burst where no part is known, and those that show the same picture. Camera, Device: all
/// frames of it, and of any other that saw the same part or picture.
/// </summary>
public enum SplitBy { Part, Camera, Device }

/// <param name="Digest">SHA-256 over the sorted entries: the same frames and labels give the same digest.</param>
public sealed record DatasetView(string Digest, string Name, int Frames, int Golden, IReadOnlyDictionary<string, int> Classes, DateTimeOffset CreatedAt, string By)
{
    /// <summary>Frames by split: train, validation, test, golden. Null in snapshots of earlier fleets, as all below.</summary>
    public IReadOnlyDictionary<string, int>? Splits { get; set; }

    /// <summary>How many groups the splits were drawn from, golden ones left aside.</summary>
    public int? Groups { get; set; }

    /// <summary>Frames that no camera took.</summary>
    public int? Synthetic { get; set; }

    /// <summary>The largest slices of each kind: camera, every label of the devices, light.</summary>
    public IReadOnlyList<DatasetSlice>? Slices { get; set; }

    /// <summary>Labelled frames that were asked for and stayed out, by reason.</summary>
    public IReadOnlyDictionary<string, int>? LeftOut { get; set; }

    /// <summary>What was asked for.</summary>
    public SnapshotRequest? Request { get; set; }

    /// <summary>Size of the document of entries.</summary>
    public long? Bytes { get; set; }
}

/// <param name="Kind">camera, light, or the name of a label such as line or product.</param>
/// <param name="Value">DEVICE/CAMERA, a band of brightness, or the label's value.</param>
/// <param name="Splits">Frames by split, as in <see cref="DatasetView.Splits"/>.</param>
public sealed record DatasetSlice(string Kind, string Value, int Frames, IReadOnlyDictionary<string, int> Splits);

public sealed record DatasetDetail(DatasetView View, IReadOnlyList<DatasetEntry> Entries)
{
    /// <summary>Cursor of the next page of entries; null after the last one.</summary>
    public string? Next { get; init; }
}

public sealed record DatasetEntry(string FrameId, string ImageDigest, string? Class, FrameUse Use, IReadOnlyList<LabelBox> Boxes)
{
    /// <summary>Null without polygons, and in snapshots of earlier fleets.</summary>
    public IReadOnlyList<LabelPolygon>? Polygons { get; init; }

    public PartVerdict? Verdict { get; init; }

    /// <summary>Size of the picture in pixels; null in snapshots of earlier fleets, as all below.</summary>
    public int? Width { get; init; }

    public int? Height { get; init; }

    /// <summary>Null for a golden frame, and where no splits were asked for.</summary>
    public DatasetSplit? Split { get; init; }

    /// <summary>Name of the group that it was split with: frames of equal groups belong together.</summary>
    public string? Group { get; init; }

    public DeviceId? Device { get; init; }

    public CameraId? Camera { get; init; }

    public string? Part { get; init; }

    public DateTimeOffset? CapturedAt { get; init; }

    /// <summary>The device's labels at the time of the snapshot, and what an import said of the picture; null without any.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Mean grey of the picture, 0 to 255; null where it can't be read.</summary>
    public int? Brightness { get; init; }

    /// <summary>How it was made, if no camera took it.</summary>
    public SyntheticOrigin? Synthetic { get; init; }
}

/// <summary>Lines of newline-delimited JSON while something long goes on; the last has what became of it.</summary>
/// <param name="Stage">What is done now: measuring, grouping, freezing; making.</param>
/// <param name="Done">Of <paramref name="Of"/>, which is 0 where nobody knows yet.</param>
/// <param name="Problem">Why nothing came of it, in a sentence.</param>
public sealed record DatasetLine(string Stage, long Done, long Of, DatasetView? View = null, string? Problem = null, SynthesisResult? Made = null);
