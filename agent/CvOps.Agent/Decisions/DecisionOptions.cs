using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Decisions;

/// <summary>Which frames' decisions are kept on the disk.</summary>
internal enum DecisionsKept
{
    None,

    /// <summary>Frames that reject a part, and frames without a prediction.</summary>
    Rejects,

    Every,
}

/// <summary>What is kept so that a decision can be gone over again.</summary>
internal sealed record DecisionOptions
{
    public const string Section = "decisions";

    public DecisionsKept Keep { get; init; } = DecisionsKept.Rejects;

    /// <summary>Disk for records; beyond, the oldest are deleted and counted.</summary>
    [Range(1, 1_000_000)]
    public int BudgetMegabytes { get; init; } = 256;

    public long BudgetBytes => BudgetMegabytes * 1024L * 1024;
}
