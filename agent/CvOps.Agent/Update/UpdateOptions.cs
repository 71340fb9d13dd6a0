using System.ComponentModel.DataAnnotations;
using CvOps.Agent.Update.Maintenance;

namespace CvOps.Agent.Update;

/// <summary>How long a new model is watched on this device before it is committed, and what fails it.</summary>
internal sealed record UpdateOptions
{
    /// <summary>What <see cref="Serve"/> is by default.</summary>
    public const string Off = "off";

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

    /// <summary>When the model may be changed; none for any time. What is wanted is fetched and verified at any time.</summary>
    public IReadOnlyList<MaintenanceWindow> Windows { get; init; } = [];

    /// <summary>Who says that the line is idle; null when the swap need not wait for that.</summary>
    public LineSignalOptions? WhenIdle { get; init; }

    /// <summary>Least time a new program of the agent's must have run, with cameras, model and link as before, until it stays; see the README's Programs.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ProgramSoak { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A download that stands still this long is begun again where it stopped.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DownloadStall { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts of one download before the update fails.</summary>
    [Range(1, 1000)]
    public int DownloadAttempts { get; init; } = 10;

    /// <summary>Most megabytes (10^6 bytes) a second from the server, so that a download leaves the line's network alone; 0: no limit.</summary>
    [Range(0.0, 100_000.0)]
    public double DownloadMegabytesPerSecond { get; init; }

    /// <summary>Address and port where neighbours get chunks of this device's packages, or <c>off</c>. Plain HTTP: for the site's own network.</summary>
    [RegularExpression(@"off|[^\s]+:\d{1,5}", ErrorMessage = "write an address and a port such as 0.0.0.0:8091, or off")]
    public string Serve { get; init; } = Off;

    /// <summary>Most megabytes (10^6 bytes) a second to all neighbours together; 0: no limit.</summary>
    [Range(0.0, 100_000.0)]
    public double ServeMegabytesPerSecond { get; init; } = 10;

    /// <summary>Neighbours served at the same time; the next are told to come again.</summary>
    [Range(1, 1000)]
    public int ServeConnections { get; init; } = 8;

    /// <summary>Where other agents of the site serve. The same list may stand on every device: its own address in it does no harm.</summary>
    public IReadOnlyList<Uri> Neighbours { get; init; } = [];
}
