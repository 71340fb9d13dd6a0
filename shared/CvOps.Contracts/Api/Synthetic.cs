namespace CvOps.Contracts.Api;

/// <summary>Stored by name.</summary>
public enum SyntheticKind { Augmentation, CutPaste }

/// <summary>How a frame was made that no camera took.</summary>
/// <param name="Recipe">What was done, in the order in which it was done, with its numbers.</param>
/// <param name="Seed">Of the chance that was used: the same sources and seed give the same picture.</param>
/// <param name="Sources">The frames whose pixels are in it. Of a pasted defect, the picture it lies on first.</param>
public sealed record SyntheticOrigin(SyntheticKind Kind, string Recipe, int Seed, IReadOnlyList<SyntheticSource> Sources);

/// <summary>A frame that a synthetic one was made from, as it was then.</summary>
public sealed record SyntheticSource(string FrameId, string ImageDigest, DateTimeOffset CapturedAt)
{
    /// <summary>When it got the label that was taken over; null for an unlabelled one. With another label since, what was made from it is no longer trained on.</summary>
    public DateTimeOffset? LabelledAt { get; init; }

    public string? Part { get; init; }

    public DeviceId? Device { get; init; }

    public CameraId? Camera { get; init; }
}

/// <summary>Makes frames that no camera took, for training alone, from labelled training frames.</summary>
public sealed record SynthesisRequest(SyntheticKind Kind, int Count, string By)
{
    /// <summary>The same request and frames make the same pictures.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>Of the frames to augment, or of the defects to paste; null for all.</summary>
    public string? Class { get; set; }

    /// <summary>Frames of this device alone.</summary>
    public DeviceId? Device { get; set; }

    /// <summary>Of an augmentation: some of mirror, exposure, noise and blur; null for all. What a mirror shows must be possible on the line.</summary>
    public IReadOnlyList<string>? Operations { get; set; }

    /// <summary>Class of the pictures to paste into; null: those that were said to be OK, or to show nothing.</summary>
    public string? Onto { get; set; }
}

/// <param name="Made">New frames.</param>
/// <param name="Known">Those that would have been what is here already.</param>
/// <param name="Classes">New frames by class, of the picture or of something on it.</param>
public sealed record SynthesisResult(int Made, int Known, IReadOnlyDictionary<string, int> Classes);
