using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Sampling;

/// <summary>Which frames are worth a person's look, and how many of them.</summary>
internal sealed record SamplingOptions : IValidatableObject
{
    public const string Section = "sampling";

    /// <summary>Most frames sent in any 60 minutes, all cameras and rules together. 0 sends none.</summary>
    [Range(0, 36_000)]
    public int FramesPerHour { get; init; } = 120;

    /// <summary>Further limits by minute, hour or day, of the device, each camera or each class, in frames and bytes; all of them hold.</summary>
    public IReadOnlyList<SamplingLimit> Limits { get; init; } = [];

    /// <summary>The best frames are picked among those of this long a time; longer when the budget pays for less than one frame in it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What each rule's word is worth.</summary>
    public SamplingWeights Rules { get; init; } = new();

    /// <summary>
    /// How much the best frames are preferred: a frame's weight in the draw is its score to this power. 0 draws all that compete alike, large values
    /// take the best.
    /// </summary>
    [Range(0.0, 64.0)]
    public double Focus { get; init; } = 16;

    /// <summary>Fewest boxes of an ordinary frame; null for what the package's reference had.</summary>
    [Range(0, 10_000)]
    public int? LeastDetections { get; init; }

    /// <summary>Most boxes of an ordinary frame; null for what the package's reference had.</summary>
    [Range(0, 10_000)]
    public int? MostDetections { get; init; }

    /// <summary>Near-duplicates: most bits of 64 that the pictures' hashes differ in.</summary>
    [Range(0, 64)]
    public int DuplicateBits { get; init; } = 6;

    /// <summary>Near-duplicates: largest cosine distance of the embeddings.</summary>
    [Range(0.0, 2.0)]
    public double DuplicateDistance { get; init; } = 0.005;

    /// <summary>What a frame's score must at least be to compete, 0..1.</summary>
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

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LeastDetections > MostDetections) yield return new ValidationResult($"must not be above the most detections of {MostDetections}", [nameof(LeastDetections)]);
        foreach (var twice in Limits.GroupBy(limit => (limit.Per, limit.Of)).Where(group => group.Count() > 1))
            yield return new ValidationResult($"there are {twice.Count()} limits a {twice.Key.Per.ToString().ToLowerInvariant()} of {twice.Key.Of.ToString().ToLowerInvariant()}; write one with both numbers", [nameof(Limits)]);
    }
}
