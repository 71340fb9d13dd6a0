namespace CvOps.Contracts.Api;

/// <summary>What made an entry of a frame's label history.</summary>
public enum LabelKind
{
    /// <summary>A person's word, where one is enough.</summary>
    Label,

    /// <summary>A person's word among several.</summary>
    Opinion,

    /// <summary>What the opinions come to.</summary>
    Consensus,

    /// <summary>A reviewer's word, which decides.</summary>
    Review,

    /// <summary>Brought by an import.</summary>
    Import,
}

/// <summary>How many people judge a frame before it has its label.</summary>
public sealed record LabelPolicy
{
    /// <summary>1 to 9. With 1 the last word counts.</summary>
    public int Annotators { get; set; } = 1;

    /// <summary>The same for frames that judge models, 1 to 9.</summary>
    public int GoldenAnnotators { get; set; } = 1;

    /// <summary>From this overlap on two annotators drew the same box or outline, 0.1 to 0.95.</summary>
    public double LeastIou { get; set; } = 0.5;
}

public sealed record LabelPolicyRequest(LabelPolicy Policy, string By);

/// <summary>What one annotator says of a frame.</summary>
/// <param name="Label">Null when the frame can't be judged.</param>
public sealed record LabelOpinion(string By, DateTimeOffset At, FrameLabel? Label);

/// <summary>An entry of a frame's label history; entries are only ever added.</summary>
/// <param name="Via">From where it came, such as page, cli or import; null where nobody said.</param>
/// <param name="State">What the frame was with it.</param>
public sealed record LabelEvent(DateTimeOffset At, string By, LabelKind Kind, string? Via, LabelState State, FrameLabel? Label);

/// <param name="History">Every label that was ever given, oldest first.</param>
public sealed record FrameLabels(string Frame, IReadOnlyList<LabelOpinion> Opinions, IReadOnlyList<LabelEvent> History);

/// <summary>A frame on which annotators disagree.</summary>
/// <param name="Why">Who says what, in a sentence.</param>
public sealed record LabelDispute(FrameView Frame, IReadOnlyList<LabelOpinion> Opinions, string Why);

/// <summary>The newest dispute first.</summary>
public sealed record LabelDisputePage(IReadOnlyList<LabelDispute> Disputes, long Waiting, string? Next);

/// <summary>Two annotators on the frames that both judged.</summary>
/// <param name="Kappa">Cohen's; null where it has no value.</param>
public sealed record AnnotatorPair(string A, string B, int Frames, int Same, double? Kappa);

/// <summary>How far annotators agree, by the first word of each on each frame.</summary>
/// <param name="Frames">Judged by two or more.</param>
/// <param name="Alpha">Krippendorff's, nominal; null where it has no value.</param>
/// <param name="Note">What is missing; null when nothing is.</param>
public sealed record LabelAgreement(int Frames, int Annotators, int Same, double? Alpha, IReadOnlyList<AnnotatorPair> Pairs, string? Note);
