using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access.Rights;

/// <summary>To which sites something belongs that an address names.</summary>
internal sealed class SiteOf(Database database)
{
    /// <returns>Empty when there is no such thing, or it belongs to no site.</returns>
    public Task<string[]> FindAsync(Names what, string id, CancellationToken cancel) => what switch
    {
        Names.Site => Task.FromResult<string[]>([id]),
        Names.Device => QueryAsync("SELECT site FROM devices WHERE id = @id", id, cancel),
        Names.Frame => QueryAsync("SELECT devices.site FROM frames JOIN devices ON devices.id = frames.device WHERE frames.id = @id", id, cancel),
        Names.Rollout => QueryAsync("SELECT DISTINCT site FROM rollout_device WHERE rollout = @id", id, cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, "It names no single thing."),
    };

    /// <summary>Ids of the rollouts that have a device on one of the sites.</summary>
    public async Task<HashSet<string>> RolloutsAsync(IReadOnlyList<string> sites, CancellationToken cancel)
    {
        var of = new HashSet<string>(sites, StringComparer.Ordinal);
        var rows = await database.ReadAsync(connection => connection.Query<(string Rollout, string Site)>("SELECT DISTINCT rollout, site FROM rollout_device").ToArray(), cancel);
        return [.. rows.Where(row => of.Contains(row.Site)).Select(row => row.Rollout)];
    }

    /// <summary>Ids of the devices on one of the sites.</summary>
    public async Task<HashSet<string>> DevicesAsync(IReadOnlyList<string> sites, CancellationToken cancel)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var site in sites) found.UnionWith(await QueryAsync("SELECT id FROM devices WHERE site = @id", site, cancel));
        return found;
    }

    private Task<string[]> QueryAsync(string sql, string id, CancellationToken cancel) => database.ReadAsync(connection => connection.Query<string>(sql, new { id }).ToArray(), cancel);
}
