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

    /// <summary>A download that stands still this long is begun again where it stopped.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DownloadStall { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts of one download before the update fails.</summary>
    [Range(1, 1000)]
    public int DownloadAttempts { get; init; } = 10;
}
