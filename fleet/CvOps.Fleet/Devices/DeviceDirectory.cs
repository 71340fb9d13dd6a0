using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Rollouts.Planning;
using CvOps.Fleet.Storage;
using CvOps.Plans.Selectors;
using Dapper;

namespace CvOps.Fleet.Devices;

/// <summary>
/// Every device the fleet has heard from: lists and look-ups need no grain and no database, they come from <see cref="TwinStore"/>. The ingest writes what
/// devices say; <see cref="DesiredTwins"/> what the fleet wants.
/// </summary>
internal sealed class DeviceDirectory(Database database, TwinStore twins)
{
    public async Task<DeviceView[]> ListAsync(CancellationToken cancel)
    {
        await twins.Loaded.WaitAsync(cancel);
        return [.. twins.Page(twins.Select(LabelSelector.Everything, GroupMembership.None), "", null)];
    }

    /// <summary>Waits for nothing: while the twins are being loaded, one that is not there yet comes from its row.</summary>
    public async Task<DeviceView?> FindAsync(DeviceId id, CancellationToken cancel)
    {
        // Another fleet may have heard of a device a moment before this one has.
        if (twins.Loaded.IsCompletedSuccessfully && (twins.View(id) is var view) && (view is not null || !database.IsShared)) return view;
        return await ReadAsync(id, cancel);
    }

    private Task<DeviceView?> ReadAsync(DeviceId id, CancellationToken cancel) => database.ReadAsync(connection => connection.QuerySingleOrDefault<Row>(
        "SELECT id, site, online, last_seen AS LastSeen, labels, health, desired, reported, inspections, duplicates FROM devices WHERE id = @Id", new { Id = id.Value })?.View(), cancel);

    /// <summary>Desired documents the broker has not taken yet, a page in the order of the devices' names.</summary>
    /// <param name="after">Name of the device behind which the page begins; empty for the first page.</param>
    public Task<UnpublishedTwin[]> UnpublishedAsync(string after, CancellationToken cancel) => database.ReadAsync(connection => connection.Query<(string Id, string Site, long Version, string Desired)>(
        "SELECT id, site, desired_version, desired FROM devices WHERE published_version < desired_version AND desired IS NOT NULL AND id > @after ORDER BY id LIMIT 1000", new { after })
        .Select(row => new UnpublishedTwin(new DeviceId(row.Id), new SiteId(row.Site), row.Version, row.Desired)).ToArray(), cancel);

    /// <summary>A newer one that was published before this one lies under it at the broker now: it is to be said again.</summary>
    public Task MarkPublishedAsync(IReadOnlyList<UnpublishedTwin> twins, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        using var mark = new PreparedCommand(connection, "UPDATE devices SET published_version = CASE WHEN published_version > @version THEN 0 ELSE @version END WHERE id = @id", "version", "id");
        foreach (var twin in twins) mark.Run(twin.Version, twin.Device.Value);
        return twins.Count;
    }, cancel);

    /// <summary>The broker lost what it retained: everything is to be said again.</summary>
    public Task ForgetPublishedAsync(CancellationToken cancel) => database.WriteAsync(connection => connection.Execute("UPDATE devices SET published_version = 0"), cancel);

    private sealed class Row
    {
        public string Id { get; init; } = "";
        public string Site { get; init; } = "";
        public bool Online { get; init; }
        public long LastSeen { get; init; }
        public string Labels { get; init; } = "{}";
        public string? Health { get; init; }
        public string? Desired { get; init; }
        public string? Reported { get; init; }
        public long Inspections { get; init; }
        public long Duplicates { get; init; }

        public DeviceView View() => new()
        {
            Id = new DeviceId(Id), Site = new SiteId(Site), Connectivity = Online ? Connectivity.Online : Connectivity.Offline, LastSeen = SqlTime.From(LastSeen),
            Labels = JsonSerializer.Deserialize(Labels, ContractsJson.Default.IReadOnlyDictionaryStringString)!,
            Health = Health is null ? null : JsonSerializer.Deserialize(Health, ContractsJson.Default.DeviceHealth),
            Desired = Desired is null ? null : JsonSerializer.Deserialize(Desired, ContractsJson.Default.TwinDesired),
            Reported = Reported is null ? null : JsonSerializer.Deserialize(Reported, ContractsJson.Default.TwinReported),
            Inspections = Inspections, Duplicates = Duplicates,
        };
    }
}

/// <param name="Document">JSON of <see cref="TwinDesired"/>.</param>
internal sealed record UnpublishedTwin(DeviceId Device, SiteId Site, long Version, string Document);
