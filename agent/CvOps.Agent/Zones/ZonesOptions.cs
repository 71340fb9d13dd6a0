using System.ComponentModel.DataAnnotations;
using CvOps.Contracts;

namespace CvOps.Agent.Zones;

/// <summary>Which point of a box says where its object is.</summary>
internal enum Anchor
{
    /// <summary>The middle of the lower edge: where something stands.</summary>
    Bottom,

    Centre,
}

/// <summary>Zones and lines in one camera's picture.</summary>
internal sealed record ZonesOptions : IValidatableObject
{
    public const string Section = "zones";

    public required CameraId Camera { get; init; }

    public Anchor Anchor { get; init; } = Anchor.Bottom;

    /// <summary>Time between two reports.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    public IReadOnlyList<AreaOptions> Areas { get; init; } = [];

    public IReadOnlyList<LineOptions> Lines { get; init; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Areas.Count + Lines.Count == 0) yield return new ValidationResult("name at least one of 'areas' and 'lines'");
        foreach (var twice in Areas.Select(area => area.Name).Concat(Lines.Select(line => line.Name)).GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            yield return new ValidationResult($"'{twice.Key}' is the name of {twice.Count()} areas or lines; give each its own");
        }
    }
}

/// <summary>A point of the picture: fractions of its width and height, origin top left.</summary>
internal sealed record ZonePoint
{
    [Range(0.0, 1.0)]
    public required double X { get; init; }

    [Range(0.0, 1.0)]
    public required double Y { get; init; }
}

/// <summary>A polygon; objects are in it or not.</summary>
internal sealed record AreaOptions
{
    [RegularExpression("[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}", ErrorMessage = "a name is 1 to 64 letters, digits, '-', '_' or '.'")]
    public required string Name { get; init; }

    /// <summary>Corners in order; the last is joined to the first.</summary>
    [MinLength(3, ErrorMessage = "a polygon has at least three corners")]
    public required IReadOnlyList<ZonePoint> Polygon { get; init; }

    /// <summary>Classes that count; none for all.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>A visit is over when its object has been outside or unseen for this long.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>A visit longer than this is counted as overstayed; null for no limit.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan? DwellLimit { get; init; }
}

/// <summary>A line; objects cross it one way or the other.</summary>
internal sealed record LineOptions : IValidatableObject
{
    [RegularExpression("[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}", ErrorMessage = "a name is 1 to 64 letters, digits, '-', '_' or '.'")]
    public required string Name { get; init; }

    public required ZonePoint From { get; init; }

    /// <summary>Who looks from <see cref="From"/> to this has "out" on the left and "in" on the right.</summary>
    public required ZonePoint To { get; init; }

    /// <summary>Classes that count; none for all.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>How far beyond the line, as a fraction of the picture's height, an object must be to be on the other side: a box that trembles does not cross.</summary>
    [Range(0.0, 0.5)]
    public double Margin { get; init; } = 0.01;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (From == To) yield return new ValidationResult("a line has two different ends", [nameof(To)]);
    }
}
