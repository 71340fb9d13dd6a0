using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Rollouts;

/// <summary>All that a rollout's grain remembers; stored as JSON when the rollout moves. Its devices and counts are rows (<see cref="RolloutStore"/>).</summary>
internal sealed class RolloutRecord
{
    public const int NewestForm = 2;

    /// <summary>Version of this record's form. 1 had devices and counts in it.</summary>
    public int Form { get; set; } = NewestForm;

    /// <summary>Null before the rollout was created.</summary>
    public RolloutPlan? Plan { get; set; }

    public ModelRef? Model { get; set; }

    /// <summary>What the rings covered when they were dealt; null in records of before that was kept.</summary>
    public RolloutCoverage? Coverage { get; set; }

    public RolloutState State { get; set; }

    /// <summary>Where a person's resume leads back to; null while it is not paused.</summary>
    public RolloutState? PausedFrom { get; set; }

    public string Reason { get; set; } = "";

    public int Ring { get; set; }

    public List<RolloutTransition> History { get; set; } = [];

    public List<EvidencePoint> Curve { get; set; } = [];

    public DateTimeOffset CreatedAt { get; set; }

    public string CreatedBy { get; set; } = "";

    /// <summary>When the shadow stage or the ring in progress was let loose, or resumed.</summary>
    public DateTimeOffset RingSince { get; set; }

    /// <summary>When its last device took the payload over; null before.</summary>
    public DateTimeOffset? SoakSince { get; set; }

    /// <summary>A person resumed the rollout after a shift had paused it.</summary>
    public bool ShiftAccepted { get; set; }

    /// <summary>Of a record of form 1, until its devices and counts are rows.</summary>
    public List<RolloutDevice>? Devices { get; set; }

    public Dictionary<string, long>? Ordered { get; set; }

    public RolloutCountsForm1? Counts { get; set; }
}

/// <summary>What a record of form 1 had counted, over all its devices.</summary>
internal sealed class RolloutCountsForm1
{
    public long Errors { get; set; }

    public long Pairs { get; set; }

    public long Discordant { get; set; }

    public long ChallengerRight { get; set; }

    public long ChampionRight { get; set; }

    public long NeitherRight { get; set; }

    public double ChallengerConfidence { get; set; }

    public double ChampionConfidence { get; set; }

    public HashSet<string> JudgedFrames { get; set; } = [];

    public List<EvidencePoint> Curve { get; set; } = [];
}
