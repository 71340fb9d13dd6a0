namespace CvOps.Contracts.Api;

/// <summary>The frames most like one, the nearest first.</summary>
/// <param name="Searched">How many frames were looked at.</param>
/// <param name="Problem">Why there are none, in a sentence; null when there are.</param>
public sealed record SimilarFramesView(FrameView Frame, IReadOnlyList<SimilarFrame> Similar, int Searched, string? Problem);

/// <param name="Distance">Cosine distance of the embeddings, 0..2; 0 for the same picture.</param>
/// <param name="SamePicture">The very same file.</param>
public sealed record SimilarFrame(FrameView Frame, double Distance, bool SamePicture);

/// <summary>What a finding is about. Stored by name.</summary>
public enum QualityKind
{
    /// <summary>A picture's file is gone or damaged, has no pixels, or another size than its frame says.</summary>
    Picture,

    /// <summary>Several frames show the same file.</summary>
    ExactDuplicate,

    /// <summary>Pictures that differ by hardly more than compression.</summary>
    NearDuplicate,

    /// <summary>A label that pictures like it speak against.</summary>
    LabelSuspect,

    /// <summary>Frames of the same or nearly the same picture with different labels.</summary>
    LabelConflict,

    /// <summary>Something drawn lies outside its picture, has hardly an area, or is drawn twice.</summary>
    Shape,

    /// <summary>Labels of one dataset that are not of one form: unlike kinds, names that differ by case or spaces alone.</summary>
    Schema,

    /// <summary>A class with few frames, far fewer than others, or none where models are judged.</summary>
    Balance,

    /// <summary>The same or nearly the same picture, part or burst in training and where models are judged.</summary>
    Leakage,

    /// <summary>Frames of a kind on which models are right less often.</summary>
    Slice,
}

/// <summary>Something wrong with pictures or labels, with the frames that show it.</summary>
/// <param name="Id">The same finding has the same id in every check.</param>
/// <param name="Level">Error: nobody should train on it as it is.</param>
/// <param name="What">In a sentence.</param>
/// <param name="Do">What to do about it, in a sentence.</param>
/// <param name="Frames">Those to look at, the most telling first; at most 24.</param>
/// <param name="FrameCount">How many there are.</param>
public sealed record QualityFinding(string Id, QualityKind Kind, FindingLevel Level, string What, string Do, IReadOnlyList<string> Frames, int FrameCount)
{
    /// <summary>The class that the first frame more likely shows.</summary>
    public string? Suggested { get; set; }

    /// <summary>How much it matters among its kind, larger first.</summary>
    public double Weight { get; set; }

    /// <summary>A person looked and leaves it as it is; null while it is open.</summary>
    public QualityAcceptance? Accepted { get; set; }
}

public sealed record QualityAcceptance(string By, DateTimeOffset At);

/// <summary>Accepts a finding, or opens it again.</summary>
public sealed record QualityDecision(string By, bool Accept = true);

/// <param name="Dataset">Digest of the snapshot that was checked; null for all frames.</param>
/// <param name="Frames">Frames that were looked at, and how many of them have a label.</param>
/// <param name="Classes">Labelled frames by class, and within it by split: train, validation, test, golden.</param>
/// <param name="Notes">What could not be checked and why, in sentences.</param>
public sealed record QualityReport(
    string? Dataset, DateTimeOffset At, int Frames, int Labelled, IReadOnlyList<QualityCount> Kinds, IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> Classes,
    SliceReport? Slices, IReadOnlyList<string> Notes);

public sealed record QualityCount(QualityKind Kind, int Open, int Accepted);

/// <summary>Findings of one kind, or of all, the weightiest first.</summary>
/// <param name="Next">Cursor of the next page; null after the last one.</param>
public sealed record FindingPage(IReadOnlyList<QualityFinding> Findings, string? Next);

/// <summary>How far a check is; the last line has the report, or why there is none.</summary>
public sealed record QualityLine(string Stage, int Done, int Of, QualityReport? Report = null, string? Problem = null);

/// <summary>How right a model is on kinds of frames.</summary>
/// <param name="Judge">Whose answers were held against the labels, in a few words.</param>
/// <param name="Kinds">What hurts first.</param>
public sealed record SliceReport(string Judge, int Frames, double Accuracy, IReadOnlyList<SliceKindReport> Kinds);

/// <param name="Kind">camera, light, model, or the name of a device's label.</param>
/// <param name="P">Probability of differences as large between its slices by chance, classes being equal; Holm's over the kinds.</param>
/// <param name="Hurts">Whether the accuracy depends on it: P is below 5 %.</param>
/// <param name="Slices">The least right first.</param>
public sealed record SliceKindReport(string Kind, double P, bool Hurts, IReadOnlyList<SliceAccuracy> Slices);

/// <param name="Low">Ends of the 95 % interval (Wilson).</param>
/// <param name="Expected">How often models would be right on frames of these classes if they came from everywhere.</param>
/// <param name="P">As that of the kind, of this slice against the others of its kind; Holm's over them.</param>
/// <param name="Worse">It is below the others beyond chance.</param>
public sealed record SliceAccuracy(string Value, int Frames, double Accuracy, double Low, double High, double Expected, double P, bool Worse);
