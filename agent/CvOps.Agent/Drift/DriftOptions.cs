using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Drift;

/// <summary>When a window of statistics is closed and reported.</summary>
internal sealed record DriftOptions
{
    public const string Section = "drift";

    /// <summary>Most bytes of drift messages in any hour, for each camera: JSON and topic. A window that does not fit goes on growing until it does.</summary>
    [Range(4096, 1_000_000_000)]
    public int BytesPerHour { get; init; } = 8192;

    /// <summary>Least frames of a window, unless it is older than <see cref="WindowAge"/>.</summary>
    [Range(1, 1_000_000)]
    public int WindowFrames { get; init; } = 50;

    /// <summary>Age at which even a window of few frames may be reported.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan WindowAge { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Age of the windows of a camera that looks as before. The first window after a start, another model or a change is reported at
    /// <see cref="WindowFrames"/>, the second at <see cref="WindowAge"/>, each later one is four times as old as the one before, up to this; 0 reports all of them at
    /// <see cref="WindowFrames"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan QuietAge { get; init; } = TimeSpan.FromMinutes(30);
}
