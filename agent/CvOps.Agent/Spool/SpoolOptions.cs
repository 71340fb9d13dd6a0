using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Spool;

/// <summary>The queue on disk of what the fleet has not acknowledged yet.</summary>
internal sealed record SpoolOptions
{
    /// <summary>Null: <c>spool</c> inside the agent's data folder.</summary>
    public string? Folder { get; init; }

    /// <summary>Disk space it may take; beyond, the oldest messages are given up and counted.</summary>
    [Range(64, 1_000_000)]
    public int BudgetMegabytes { get; init; } = 1024;

    public long BudgetBytes => BudgetMegabytes * 1024L * 1024L;
}
