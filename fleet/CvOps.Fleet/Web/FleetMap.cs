using CvOps.Fleet.Devices.Twins;

namespace CvOps.Fleet.Web;

/// <summary>Devices counted.</summary>
/// <param name="Errors">Those of which something is an error; of <paramref name="Warnings"/> nothing is.</param>
public sealed record HealthCounts(int Devices, int Online, int Cameras, int CamerasLive, int Errors, int Warnings);

/// <summary>How the devices of a line are.</summary>
/// <param name="Name">The label <c>line</c>; empty for devices without one.</param>
public sealed record LineHealth(string Name, HealthCounts Counts);

/// <summary>How the devices of a site are, line by line.</summary>
public sealed record SiteHealth(string Name, HealthCounts Counts, IReadOnlyList<LineHealth> Lines);

/// <summary>Puts devices together by site and line, those with trouble first. Pure.</summary>
internal static class FleetMap
{
    private const string Line = "line";

    /// <summary>From more sites on than a person looks through, those without trouble are a row each, and of the others their lines with trouble stand there.</summary>
    private const int FewSites = 12;

    /// <summary>Sites that stand there with their lines, and those that are a row each.</summary>
    public static (IReadOnlyList<SiteHealth> Cards, IReadOnlyList<SiteHealth> Rows) Sort(IReadOnlyList<SiteHealth> sites) =>
        sites.Count <= FewSites ? (sites, []) : ([.. sites.Where(site => IsTroubled(site.Counts)).Select(site => site with { Lines = [.. site.Lines.Where(line => IsTroubled(line.Counts))] })], [.. sites.Where(site => !IsTroubled(site.Counts))]);

    private static bool IsTroubled(HealthCounts counts) => counts.Errors + counts.Warnings > 0;

    public static IReadOnlyList<SiteHealth> Of(IEnumerable<(Traits Set, TwinCounts Counts)> sets) =>
    [
        .. sets.GroupBy(set => set.Set.Site.Value, StringComparer.Ordinal)
            .Select(site => new SiteHealth(site.Key, Sum(site), Lines(site)))
            .OrderByDescending(site => site.Counts.Errors > 0).ThenByDescending(site => site.Counts.Warnings > 0).ThenBy(site => site.Name, NaturalOrder.Instance),
    ];

    private static LineHealth[] Lines(IEnumerable<(Traits Set, TwinCounts Counts)> site) =>
    [
        .. site.GroupBy(set => set.Set.Labels.GetValueOrDefault(Line, ""), StringComparer.Ordinal)
            .Select(line => new LineHealth(line.Key, Sum(line)))
            .OrderByDescending(line => line.Counts.Errors > 0).ThenByDescending(line => line.Counts.Warnings > 0).ThenBy(line => line.Name, NaturalOrder.Instance),
    ];

    private static HealthCounts Sum(IEnumerable<(Traits Set, TwinCounts Counts)> sets)
    {
        var sum = new TwinCounts();
        foreach (var (_, counts) in sets)
        {
            sum.Devices += counts.Devices;
            sum.Online += counts.Online;
            sum.Cameras += counts.Cameras;
            sum.CamerasLive += counts.CamerasLive;
            sum.Errors += counts.Errors;
            sum.Warnings += counts.Warnings;
        }
        return new HealthCounts(sum.Devices, sum.Online, sum.Cameras, sum.CamerasLive, sum.Errors, sum.Warnings);
    }
}
