using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using CvOps.Plans;
using Dapper;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>The shifts of each site, as rows.</summary>
internal sealed class ShiftStore(Database database)
{
    /// <returns>By site; sites without shifts are left out.</returns>
    public async Task<IReadOnlyDictionary<string, SiteShifts>> ReadAsync(CancellationToken cancel) =>
        (await database.ReadAsync(connection => connection.Query<string>("SELECT body FROM site_shifts ORDER BY site").ToArray(), cancel))
            .Select(body => JsonSerializer.Deserialize(body, ContractsJson.Default.SiteShifts)!).ToDictionary(shifts => shifts.Site.Value);

    /// <summary>Keeps them in place of what was there; none removes the site.</summary>
    public Task WriteAsync(SiteShifts shifts, CancellationToken cancel) => database.WriteAsync(connection => shifts.Shifts.Count == 0
        ? connection.Execute("DELETE FROM site_shifts WHERE site = @Site", new { Site = shifts.Site.Value })
        : connection.Execute("INSERT INTO site_shifts (site, body) VALUES (@Site, @Body) ON CONFLICT (site) DO UPDATE SET body = excluded.body",
            new { Site = shifts.Site.Value, Body = JsonSerializer.Serialize(shifts, ContractsJson.Default.SiteShifts) }), cancel);
}

/// <summary>Whether shifts may be as asked for. Pure.</summary>
internal static class ShiftRule
{
    private const int Most = 20;

    /// <returns>Every mistake, in sentences; null when there is none.</returns>
    public static string? Refuse(SiteShifts shifts)
    {
        var mistakes = new List<string>();
        if (Hours.Zone(shifts.TimeZone) is null) mistakes.Add(Hours.NoZone(shifts.TimeZone!));
        if (shifts.Shifts.Count > Most) mistakes.Add($"A site has at most {Most} shifts; these are {shifts.Shifts.Count}.");
        foreach (var shift in shifts.Shifts)
        {
            if (!Identifier.IsValid(shift.Name)) mistakes.Add($"'{shift.Name}' is no name for a shift: use letters, digits, '-', '_' or '.'.");
            if (Hours.Read(shift.From, shift.To, shift.Days, out var problem) is null) mistakes.Add($"Shift {shift.Name}: {problem}");
        }
        mistakes.AddRange(shifts.Shifts.GroupBy(shift => shift.Name).Where(same => same.Count() > 1).Select(same => $"Two shifts are called '{same.Key}'."));
        return mistakes.Count == 0 ? null : string.Join(' ', mistakes);
    }
}
