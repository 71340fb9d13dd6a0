using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Update;

/// <summary>How long a new model is watched on this device before it is committed, and what fails it.</summary>
internal sealed record UpdateOptions
{
    /// <summary>Frames the new model must have inspected.</summary>
    [Range(1, 1_000_000)]
    public int SoakFrames { get; init; } = 50;

    /// <summary>Least time the new model must have been in charge.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Soak { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Frames of the soak that may give no prediction.</summary>
    [Range(0, 1_000_000)]
    public int SoakErrors { get; init; }

    /// <summary>
    /// How many times the previous model's inference time on this device (95th percentile) a new model may take when its manifest has no limit.
    /// Differences under 5 ms never fail it.
    /// </summary>
    [Range(1.0, 1000.0)]
    public double SoakLatencyRatio { get; init; } = 3;

    /// <summary>
    /// How likely a healthy model may be rolled back because it gave one answer only, on a line that goes on as before; see
    /// <see cref="CollapseRule"/>. 0 never fails a model for that.
    /// </summary>
    [Range(0.0, 0.1)]
    public double SoakCollapseChance { get; init; } = 0.001;

    /// <summary>Resident memory the agent may gain while a new model soaks.</summary>
    [Range(1, 1_000_000)]
    public int SoakMemoryMegabytes { get; init; } = 512;

    /// <summary>Live frames the new model must have seen beside the one in charge before it takes over; 0 for none.</summary>
    [Range(0, 1_000_000)]
    public int ShadowFrames { get; init; } = 20;

    /// <summary>
    /// After this long with frames, and too few of them seen because the line left no time for a challenger, it takes over with what it has seen.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ShadowLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A download that stands still this long is begun again where it stopped.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DownloadStall { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts of one download before the update fails.</summary>
    [Range(1, 1000)]
    public int DownloadAttempts { get; init; } = 10;
}
