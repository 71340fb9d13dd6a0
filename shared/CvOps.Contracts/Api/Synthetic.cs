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
