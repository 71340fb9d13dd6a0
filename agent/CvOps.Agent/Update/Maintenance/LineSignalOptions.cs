using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Update.Maintenance;

internal enum LineSignalKind
{
    /// <summary>A pin of a GPIO chip.</summary>
    Gpio,

    /// <summary>The command <c>line</c>, with the argument <c>state=idle</c> or <c>state=running</c>.</summary>
    Command,
}

/// <summary>Who says that the line is idle. The model changes only while it is.</summary>
internal sealed record LineSignalOptions : IValidatableObject
{
    public required LineSignalKind By { get; init; }

    /// <summary>GPIO: number of the chip, as in <c>/dev/gpiochip0</c>.</summary>
    [Range(0, 255)]
    public int Chip { get; init; }

    /// <summary>GPIO: the line on the chip; required there.</summary>
    [Range(0, 1023)]
    public int? Pin { get; init; }

    /// <summary>GPIO: the pin is low while the line is idle.</summary>
    public bool ActiveLow { get; init; }

    /// <summary>The line must have been idle this long: a gap between two parts is no pause.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(5);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (By == LineSignalKind.Gpio && Pin is null) yield return new ValidationResult("it is missing; name the pin that says whether the line is idle", [nameof(Pin)]);
        if (By != LineSignalKind.Gpio && Pin is not null) yield return new ValidationResult("a pin is read with 'by: gpio' only", [nameof(Pin)]);
    }
}
