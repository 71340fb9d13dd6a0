using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Ingest;

/// <summary>One zone's or line's counts of a class. What only zones have is null for lines.</summary>
public sealed record ZoneTotal(CameraId Camera, string Name, string Class, long In, long Out, int? Present, double? MeanSeconds, double? LongestSeconds, long? Overstayed);

/// <summary>Reports of some hours added up. Pure.</summary>
public sealed record ZoneSummary(IReadOnlyList<ZoneTotal> Counts)
{
    public const int Hours = 8;

    /// <summary>Reports looked at; a camera sends one a minute.</summary>
    public const int MostReports = 5_000;

    /// <param name="reports">Oldest first.</param>
    public static ZoneSummary Of(IReadOnlyList<ZoneReport> reports)
    {
        // There now is what a camera's newest report says, and a zone that it leaves out is empty.
        var newest = new HashSet<ZoneReport>(reports.GroupBy(report => report.Camera).Select(group => group.Last()), ReferenceEqualityComparer.Instance);
        var zones = reports.SelectMany(report => report.Zones.Select(zone => (report, zone))).GroupBy(it => (it.report.Camera, it.zone.Zone, it.zone.Class)).Select(group =>
        {
            var left = group.Sum(it => it.zone.Left);
            return new ZoneTotal(group.Key.Camera, group.Key.Zone, group.Key.Class, group.Sum(it => it.zone.Entered), left,
                group.Where(it => newest.Contains(it.report)).Sum(it => it.zone.Present), left > 0 ? group.Sum(it => it.zone.DwellSeconds) / left : null,
                left > 0 ? group.Max(it => it.zone.LongestSeconds) : null, group.Sum(it => it.zone.Overstayed));
        });
        var lines = reports.SelectMany(report => report.Lines.Select(line => (report.Camera, line))).GroupBy(it => (it.Camera, it.line.Line, it.line.Class))
            .Select(group => new ZoneTotal(group.Key.Camera, group.Key.Line, group.Key.Class, group.Sum(it => it.line.In), group.Sum(it => it.line.Out), null, null, null, null));
        return new ZoneSummary([.. zones.Concat(lines).OrderBy(it => it.Camera.Value, StringComparer.Ordinal).ThenBy(it => it.Name, StringComparer.Ordinal).ThenBy(it => it.Class, StringComparer.Ordinal)]);
    }
}
