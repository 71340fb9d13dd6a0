using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Update.Maintenance;

/// <summary>A time of day, on some days, in which the model may be changed; <see cref="Contracts.Schedule.DailyHours"/> says what becomes of it when clocks are changed.</summary>
internal sealed record MaintenanceWindow : IValidatableObject
{
    /// <summary>Days on which it opens; none for every day.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; init; } = [];

    public required TimeOnly From { get; init; }

    /// <summary>At or before <see cref="From"/>: on the day after.</summary>
    public required TimeOnly To { get; init; }

    /// <summary>An IANA name such as Europe/Berlin; null for the device's own.</summary>
    public string? TimeZone { get; init; }

    public TimeZoneInfo Zone => TimeZone is null ? TimeZoneInfo.Local : TimeZoneInfo.FindSystemTimeZoneById(TimeZone);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (TimeZone is { } name && !TimeZoneInfo.TryFindSystemTimeZoneById(name, out _))
        {
            yield return new ValidationResult($"this machine knows no time zone '{name}'; write one such as Europe/Berlin, or install tzdata", [nameof(TimeZone)]);
        }
    }
}
