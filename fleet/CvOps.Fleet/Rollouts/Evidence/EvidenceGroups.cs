namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>
/// By what name a device's counts are added up: its line. Devices of a line see the same parts under the same lamps, so their rates are alike, and
/// what goes wrong on one line alone is not lost among the others. Pure; the same devices give the same groups.
/// </summary>
internal static class EvidenceGroups
{
    /// <summary>Every group costs the evidence of each a share, and time with each look: beyond this, devices are grouped by their site.</summary>
    public const int Most = 32;

    /// <summary>The group of devices that belong to none of the others, and of all where there are too many sites.</summary>
    public const string Rest = "";

    /// <param name="devices">With the labels <c>line</c> as far as they have one.</param>
    /// <returns>By device id, in the order given.</returns>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(IReadOnlyList<(string Device, string Site, string? Line)> devices)
    {
        var oneSite = devices.Select(d => d.Site).Distinct().Count() <= 1;
        string ByLine((string Device, string Site, string? Line) d) => d.Line is { Length: > 0 } line ? oneSite ? $"line {line}" : $"line {line} at {d.Site}" : BySite(d);
        string BySite((string Device, string Site, string? Line) d) => oneSite ? Rest : $"site {d.Site}";
        Func<(string Device, string Site, string? Line), string>[] ways = [ByLine, BySite, _ => Rest];
        var way = ways.First(name => devices.Select(name).Distinct().Count() <= Most);
        return [.. devices.Select(d => KeyValuePair.Create(d.Device, way(d)))];
    }

    /// <summary>The group of a device that comes later: its line's, its site's, else the first of its site, or of all. None is made for it: the evidence of those there are stands on their number.</summary>
    /// <param name="groups">Groups there are, with the sites that have devices in them.</param>
    /// <param name="line">Empty where it has none.</param>
    public static string OfLate(IReadOnlySet<(string Group, string Site)> groups, string site, string line) =>
        new[] { $"line {line} at {site}", $"line {line}", $"site {site}" }.FirstOrDefault(name => groups.Contains((name, site)))
        ?? (groups.Where(group => group.Site == site).Select(group => group.Group).Min(StringComparer.Ordinal) ?? groups.Select(group => group.Group).Min(StringComparer.Ordinal) ?? Rest);
}
