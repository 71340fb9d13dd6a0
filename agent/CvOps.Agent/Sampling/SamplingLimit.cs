using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Sampling;

internal enum LimitPeriod { Minute, Hour, Day }

/// <summary>What a limit is counted over.</summary>
internal enum LimitScope
{
    /// <summary>The device.</summary>
    All,

    /// <summary>Each camera for itself.</summary>
    Camera,

    /// <summary>Each class the model names for itself. Holds for frames picked for what they show; the audit draws whatever they show, or its labels would be none of the whole.</summary>
    Class,
}

/// <summary>A further limit of what is sent in any rolling period.</summary>
internal sealed record SamplingLimit : IValidatableObject
{
    public required LimitPeriod Per { get; init; }

    public LimitScope Of { get; init; } = LimitScope.All;

    [Range(0, 1_000_000)]
    public int? Frames { get; init; }

    /// <summary>Of JPEG, 1024 bytes each.</summary>
    [Range(0, 1_000_000_000)]
    public int? Kilobytes { get; init; }

    internal long? Bytes => Kilobytes * 1024L;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Frames is null && Kilobytes is null) yield return new ValidationResult("a limit needs 'frames', 'kilobytes' or both");
    }
}
