using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Drift;

/// <summary>When a window of statistics is closed and reported.</summary>
internal sealed record DriftOptions
{
    public const string Section = "drift";

    /// <summary>Frames of a window.</summary>
    [Range(1, 1_000_000)]
    public int WindowFrames { get; init; } = 50;

    /// <summary>Longest time from a window's first frame to its report, however few frames it has.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan WindowAge { get; init; } = TimeSpan.FromSeconds(60);
}
