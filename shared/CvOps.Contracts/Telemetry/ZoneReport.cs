using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Telemetry;

/// <summary>What went on in one camera's zones and over its lines for a while. Topic <c>zone/{camera}</c>, QoS 1. Counts of several reports add up.</summary>
public sealed record ZoneReport : ITelemetry
{
    public required Origin Origin { get; init; }

    public required CameraId Camera { get; init; }

    /// <summary>Capture time of the first frame.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Capture time of the last frame.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>Frames looked at.</summary>
    [Wire(Minimum = 0)]
    public required long Frames { get; init; }

    /// <summary>By zone and class; what never held anything is left out.</summary>
    public required IReadOnlyList<ZoneCount> Zones { get; init; }

    /// <summary>By line and class; what was never crossed is left out.</summary>
    public required IReadOnlyList<LineCount> Lines { get; init; }
}

/// <summary>Objects of a class in a zone. All but <paramref name="Present"/> are of the report's time.</summary>
/// <param name="Present">There at the end.</param>
/// <param name="Entered">Visits that began.</param>
/// <param name="Left">Visits that ended.</param>
/// <param name="DwellSeconds">Length of those that ended, together.</param>
/// <param name="LongestSeconds">Length of the longest of them.</param>
/// <param name="Overstayed">Visits that came to be longer than the zone's limit.</param>
public sealed record ZoneCount(
    string Zone, string Class, [Wire(Minimum = 0)] int Present, [Wire(Minimum = 0)] long Entered, [Wire(Minimum = 0)] long Left,
    [Wire(Unit = "s", Minimum = 0)] double DwellSeconds, [Wire(Unit = "s", Minimum = 0)] double LongestSeconds, [Wire(Minimum = 0)] long Overstayed);

/// <summary>Crossings of a line by objects of a class. In: from the line's left to its right, looking from its first point to its second.</summary>
public sealed record LineCount(string Line, string Class, [Wire(Minimum = 0)] long In, [Wire(Minimum = 0)] long Out);
