using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Sampling;

/// <summary>Which frames are worth a person's look, and how many of them.</summary>
internal sealed record SamplingOptions
{
    public const string Section = "sampling";

    /// <summary>Most frames sent in any 60 minutes, all cameras and rules together. 0 sends none.</summary>
    [Range(0, 36_000)]
    public int FramesPerHour { get; init; } = 120;

    /// <summary>The least certain frames are picked among those of this long a time; longer when the budget pays for less than one frame in it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How uncertain a frame must at least be to compete, 0..1: one minus the margin.</summary>
    [Range(0.0, 1.0)]
    public double LeastUncertainty { get; init; } = 0.05;

    /// <summary>Probability with which any frame is kept, whatever the model says of it.</summary>
    [Range(0.0, 1.0)]
    public double AuditProbability { get; init; } = 0.001;

    /// <summary>Part of the budget that only the audit may spend.</summary>
    [Range(0.0, 0.5)]
    public double AuditShare { get; init; } = 0.1;

    /// <summary>Part of the budget that only frames with two models at odds may spend; they may take of the common part too.</summary>
    [Range(0.0, 0.5)]
    public double DisagreementShare { get; init; } = 0.25;

    [Range(30, 100)]
    public int JpegQuality { get; init; } = 90;
}
