namespace CvOps.Contracts.Api;

/// <summary>How long the fleet keeps what. A member that is null keeps its things for as long as there is room; without a policy everything stays.</summary>
public sealed record RetentionPolicy
{
    /// <summary>Days that an inspection's row is kept, 1 to 36,500; null: until <c>InspectionsKept</c> newer ones came, which holds beside it. The audit log is never cut.</summary>
    public int? InspectionDays { get; set; }

    /// <summary>The same of drift windows.</summary>
    public int? DriftDays { get; set; }

    /// <summary>The same of zone reports.</summary>
    public int? ZoneDays { get; set; }

    /// <summary>The same of the history of devices' connections.</summary>
    public int? ConnectionDays { get; set; }

    /// <summary>The same of dead letters.</summary>
    public int? DeadLetterDays { get; set; }

    /// <summary>Days after its capture that a frame is kept which nobody labelled. Frames that were ever labelled, and those of several annotators' work, stay.</summary>
    public int? FrameDays { get; set; }

    /// <summary>
    /// Most frames that wait for a label, 1,000 to 100,000,000: above it those go whose label would be worth least, by lot in proportion, so that estimates of accuracy stay right.
    /// Frames on which two models disagree stay.
    /// </summary>
    public int? WaitingFrames { get; set; }
}

public sealed record RetentionRequest(RetentionPolicy Policy, string By);

/// <param name="By">Who asks.</param>
public sealed record RetentionRunRequest(string By)
{
    /// <summary>Only counts what would go.</summary>
    public bool Look { get; set; }

    /// <summary>With <see cref="Look"/>: this policy instead of the one in force.</summary>
    public RetentionPolicy? Policy { get; set; }
}

/// <summary>What a look at the policy took away, or would have.</summary>
public sealed record RetentionRun
{
    public required DateTimeOffset At { get; init; }

    /// <summary>retention for the fleet's own hourly look.</summary>
    public required string By { get; init; }

    public long Inspections { get; set; }

    public long DriftWindows { get; set; }

    public long ZoneReports { get; set; }

    public long Connections { get; set; }

    public long DeadLetters { get; set; }

    /// <summary>Frames that were too old.</summary>
    public long FramesByAge { get; set; }

    /// <summary>Frames that were worth least among too many.</summary>
    public long FramesByValue { get; set; }

    /// <summary>Sum of all.</summary>
    public long Rows => Inspections + DriftWindows + ZoneReports + Connections + DeadLetters + FramesByAge + FramesByValue;
}

public sealed record RetentionView
{
    public required RetentionPolicy Policy { get; init; }

    /// <summary>The last look that took something away; null before the first.</summary>
    public RetentionRun? Last { get; init; }

    /// <summary>Frames that wait for a label now.</summary>
    public required long Waiting { get; init; }

    /// <summary>Pictures whose frames are gone and whose files go within minutes.</summary>
    public required long PicturesDue { get; init; }
}

/// <summary>What to erase: one of <see cref="Frame"/>, <see cref="Picture"/> and <see cref="Part"/>.</summary>
/// <param name="Reason">Why, for the audit log, such as the number of a request.</param>
public sealed record ErasureRequest(string By, string Reason)
{
    /// <summary>Id of a frame.</summary>
    public string? Frame { get; set; }

    /// <summary>SHA-256 of a picture, lower-case hex.</summary>
    public string? Picture { get; set; }

    /// <summary>Id of a part: all its frames.</summary>
    public string? Part { get; set; }

    /// <summary>Only says what would go and what would stay.</summary>
    public bool Look { get; set; }
}

/// <param name="What">frame, picture, label, training copy, artefact, dead letter, snapshot, model, backup, ...</param>
/// <param name="Where">An id, a digest or a path; empty where it has none.</param>
/// <param name="Says">What became of it, or what to do about it, in a sentence.</param>
public sealed record ErasurePlace(string What, string Where, string Says);

/// <summary>An erasure, done or looked at.</summary>
public sealed record ErasureView
{
    /// <summary>Null when it was only looked at.</summary>
    public string? Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string By { get; init; }

    public required string Reason { get; init; }

    /// <summary>The frames meant, and those that show the same picture or were made from one of them.</summary>
    public required IReadOnlyList<LineageFrame> Frames { get; init; }

    /// <summary>What is gone.</summary>
    public required IReadOnlyList<ErasurePlace> Removed { get; init; }

    /// <summary>Where something of it is still, or may be, that the fleet does not reach.</summary>
    public required IReadOnlyList<ErasurePlace> Remains { get; init; }
}
