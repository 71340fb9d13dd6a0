using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Spool;

/// <summary>The queue on disk of what the fleet has not acknowledged yet.</summary>
internal sealed record SpoolOptions : IValidatableObject
{
    /// <summary>Null: <c>spool</c> inside the agent's data folder.</summary>
    public string? Folder { get; init; }

    /// <summary>Disk space it may take; beyond, messages are given up, the least worth having first, and counted.</summary>
    [Range(64, 1_000_000)]
    public int BudgetMegabytes { get; init; } = 1024;

    public SpoolClassOptions Control { get; init; } = new();

    public SpoolClassOptions Results { get; init; } = new();

    public SpoolClassOptions Evidence { get; init; } = new();

    public SpoolClassOptions Frames { get; init; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, options) in new[] { (nameof(Control), Control), (nameof(Results), Results), (nameof(Evidence), Evidence), (nameof(Frames), Frames) })
        {
            if (options.BudgetMegabytes > BudgetMegabytes)
                yield return new ValidationResult($"its budget of {options.BudgetMegabytes} MB is more than the {BudgetMegabytes} MB of the whole spool", [name]);
        }
    }
}

/// <summary>One class of messages; what is null has the class's default in <see cref="SpoolLimits"/>.</summary>
internal sealed record SpoolClassOptions
{
    /// <summary>Most it takes of the spool's budget.</summary>
    [Range(1, 1_000_000)]
    public int? BudgetMegabytes { get; init; }

    /// <summary>Older messages are not worth sending; 0: as long as there is room.</summary>
    [Range(0.0, 87_600.0)]
    public double? TimeToLiveHours { get; init; }

    /// <summary>Its part of the link while others wait too: bytes in proportion to the shares of those that do.</summary>
    [Range(1, 1000)]
    public int? Share { get; init; }
}
