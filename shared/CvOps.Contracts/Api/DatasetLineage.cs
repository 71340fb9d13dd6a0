using CvOps.Contracts.Telemetry;

namespace CvOps.Contracts.Api;

/// <summary>Relabelled: the label differs. Moved: use or split. Redescribed: anything else, such as part, picture or the device's labels.</summary>
public enum DatasetChangeKind { Added, Removed, Relabelled, Moved, Redescribed }

/// <param name="Kinds">One, or several of Relabelled, Moved and Redescribed.</param>
/// <param name="Before">Null where it was added.</param>
/// <param name="After">Null where it was removed.</param>
public sealed record DatasetChange(string FrameId, IReadOnlyList<DatasetChangeKind> Kinds, DatasetEntry? Before, DatasetEntry? After);

/// <summary>How one snapshot differs from another, frame by frame.</summary>
public sealed record DatasetDiff
{
    public required DatasetView From { get; init; }

    public required DatasetView To { get; init; }

    public required int Added { get; init; }

    public required int Removed { get; init; }

    public required int Relabelled { get; init; }

    public required int Moved { get; init; }

    public required int Redescribed { get; init; }

    /// <summary>Frames of which both say the same.</summary>
    public required int Unchanged { get; init; }

    /// <summary>By frame id, a page of them.</summary>
    public required IReadOnlyList<DatasetChange> Changes { get; init; }

    /// <summary>Cursor of the next page; null after the last one.</summary>
    public string? Next { get; init; }
}

/// <summary>Which snapshots, runs and models a frame, a picture or a part came into.</summary>
public sealed record FrameLineage
{
    /// <summary>The frames meant: the one asked for, or those of the picture or part, and those that show the same picture or were made from one of them.</summary>
    public required IReadOnlyList<LineageFrame> Frames { get; init; }

    /// <summary>Newest first.</summary>
    public required IReadOnlyList<LineageSnapshot> Snapshots { get; init; }

    public required IReadOnlyList<LineageRun> Runs { get; init; }

    public required IReadOnlyList<LineageModel> Models { get; init; }
}

/// <param name="Because">asked, same picture, or made from it.</param>
public sealed record LineageFrame(string Id, string ImageDigest, string Because, LabelState State, FrameUse Use);

/// <param name="Split">train, validation, test or golden; only the first was learned from.</param>
/// <param name="Class">Its label then.</param>
public sealed record LineageSnapshot(string Digest, string Name, DateTimeOffset At, string FrameId, string Split, string? Class);

/// <param name="Learned">False: it could only measure itself on the frame.</param>
public sealed record LineageRun(string Id, string Name, string Status, string Dataset, bool Learned);

/// <param name="Dataset">The snapshot that it saw the frame in.</param>
/// <param name="Through">The model before it that was trained on that snapshot; null: itself.</param>
/// <param name="Learned">False: its trainer could only measure itself on the frame.</param>
public sealed record LineageModel(ModelRef Model, string Dataset, ModelRef? Through, bool Learned);

/// <summary>What a model came from, itself first.</summary>
public sealed record ModelLineage(ModelRef Model, IReadOnlyList<LineageStep> Steps);

/// <param name="Model">Null where the package is not registered here.</param>
/// <param name="Dataset">Null where the package names none; its digest alone where the snapshot is not here.</param>
public sealed record LineageStep(string Digest, ModelRef? Model, string? Run, string? Dataset, DatasetView? Snapshot);

/// <param name="Entry">As the snapshot has it.</param>
public sealed record ModelFrame(string Dataset, DatasetEntry Entry);

/// <summary>Frames that a model, or one before it, learned from; each once.</summary>
public sealed record ModelFramePage(IReadOnlyList<ModelFrame> Frames, string? Next);
