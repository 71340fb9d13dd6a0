using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Clips;

/// <summary>Video kept around each reject, as the camera encoded it.</summary>
internal sealed record ClipOptions
{
    /// <summary>How much of what came before.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:02:00")]
    public TimeSpan Before { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How much of what comes after.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:02:00")]
    public TimeSpan After { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Disk space of all clips; beyond, the oldest are removed and counted.</summary>
    [Range(1, 1_000_000)]
    public int BudgetMegabytes { get; init; } = 1024;

    internal long BudgetBytes => BudgetMegabytes * 1024L * 1024;
}
