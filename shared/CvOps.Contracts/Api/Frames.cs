using CvOps.Contracts.Telemetry;

namespace CvOps.Contracts.Api;

/// <summary>OK or NG: whether a part may leave the line.</summary>
public enum PartVerdict { Ok, Ng }

/// <summary>Review: annotators disagree, and a reviewer has to decide.</summary>
public enum LabelState { Unlabelled, Labelled, Skipped, Review }

/// <summary>Where a frame may be used. A golden frame is never trained on.</summary>
public enum FrameUse { Training, Golden }

public sealed record FrameView
{
    public required string Id { get; init; }

    public DeviceId? Device { get; init; }

    public CameraId? Camera { get; init; }

    public string? Part { get; init; }

    /// <summary>Number of the frame since its camera was connected; null for an imported picture.</summary>
    public long? Frame { get; init; }

    public required DateTimeOffset CapturedAt { get; init; }

    public ModelRef? Model { get; init; }

    public Prediction? Prediction { get; init; }

    public ShadowPrediction? Shadow { get; init; }

    public required IReadOnlyList<SamplingReason> Reasons { get; init; }

    public double? InclusionProbability { get; init; }

    /// <summary>SHA-256 of the JPEG.</summary>
    public required string ImageDigest { get; init; }

    public required int Width { get; init; }

    public required int Height { get; init; }

    /// <summary>The part of the picture that the prediction's boxes lie in; null without boxes.</summary>
    public FrameCrop? Crop { get; init; }

    public required LabelState State { get; init; }

    public FrameLabel? Label { get; init; }

    public required FrameUse Use { get; init; }

    /// <summary>How it was made, if no camera took it. Such a frame is never golden.</summary>
    public SyntheticOrigin? Synthetic { get; init; }

    /// <summary>Where a picture from outside came from, such as a video and the time in it; null where nobody said.</summary>
    public string? Source { get; init; }

    /// <summary>What an import says of the picture beside its label, such as exposure or lot: slices are made of it. Null for nothing.</summary>
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }

    /// <summary>How many annotators judged it, where the policy asks for several.</summary>
    public int Opinions { get; init; }
}

/// <summary>What a frame shows. At least one of class, boxes (none: there is nothing to see), polygons and verdict was given.</summary>
/// <param name="Polygons">Null without polygons.</param>
/// <param name="Verdict">Whether the part is good; null where nobody said so.</param>
/// <param name="Note">What the annotator adds in words; found by a search, learnt by nobody.</param>
public sealed record FrameLabel(string? Class, IReadOnlyList<LabelBox> Boxes, string By, DateTimeOffset At, IReadOnlyList<LabelPolygon>? Polygons = null, PartVerdict? Verdict = null,
    string? Note = null);

/// <summary>A rectangle in pixels of the picture, its origin top left.</summary>
public sealed record LabelBox(string Class, double X, double Y, double Width, double Height);

/// <param name="Points">x and y of each corner in turn, in pixels of the picture; at least three corners, the last joined to the first.</param>
public sealed record LabelPolygon(string Class, IReadOnlyList<double> Points);

/// <summary>A person's word. Class null with <paramref name="Skip"/>: this frame can't be judged.</summary>
/// <param name="Via">From where it comes, such as page or cli; for the history, at most 40 characters.</param>
/// <param name="Review">A reviewer's word: it decides, however many annotators the frame needs.</param>
public sealed record LabelRequest(string? Class, string By, bool Skip = false, IReadOnlyList<LabelBox>? Boxes = null,
    IReadOnlyList<LabelPolygon>? Polygons = null, PartVerdict? Verdict = null, string? Note = null, string? Via = null, bool Review = false);

public sealed record FramePage(IReadOnlyList<FrameView> Frames, int Unlabelled, int Labelled, string? Next);

/// <summary>A picture brought from outside. <paramref name="Use"/> Golden needs a label.</summary>
public sealed record FrameImport(byte[] Jpeg, string? Class, string By, FrameUse Use = FrameUse.Training, string? Part = null, IReadOnlyList<LabelBox>? Boxes = null,
    IReadOnlyList<LabelPolygon>? Polygons = null, PartVerdict? Verdict = null);
