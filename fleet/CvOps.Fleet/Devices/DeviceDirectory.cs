using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Devices;

/// <summary>
/// Every device the fleet has heard from, as rows: lists and look-ups need no grain. The ingest writes what devices say;
/// <see cref="DeviceGrain"/> projects here what the fleet wants.
/// </summary>
internal sealed class DeviceDirectory(Database database)
{
    private const string Columns = """
        id, site, online, last_seen AS LastSeen, labels, health, desired, reported, inspections, duplicates
        """;

    public Task<DeviceView[]> ListAsync(CancellationToken cancel) =>
        database.ReadAsync(connection => connection.Query<Row>($"SELECT {Columns} FROM devices ORDER BY id").Select(row => row.View()).ToArray(), cancel);

    public Task<DeviceView?> FindAsync(DeviceId id, CancellationToken cancel) =>
        database.ReadAsync(connection => connection.QuerySingleOrDefault<Row>($"SELECT {Columns} FROM devices WHERE id = @Id", new { Id = id.Value })?.View(), cancel);

    /// <summary>Writes what a device grain decided. Older than what is there: nothing happens.</summary>
    /// <returns>False when the fleet has never heard from the device.</returns>
    public Task<bool> ProjectAsync(string id, TwinDesired? desired, IReadOnlyDictionary<string, string> labels, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        connection.Execute("UPDATE devices SET desired = @Document, desired_version = @Version, trial = @Trial WHERE id = @id AND desired_version < @Version",
            new { id, Document = desired is null ? null : JsonSerializer.Serialize(desired, ContractsJson.Default.TwinDesired), Version = desired?.Version ?? 0, Trial = TrialOf(desired) });
        return connection.Execute("UPDATE devices SET labels = @Labels WHERE id = @id",
            new { id, Labels = JsonSerializer.Serialize(labels, ContractsJson.Default.IReadOnlyDictionaryStringString) }) == 1;
    }, cancel);

    /// <summary>Desired documents the broker has not taken yet.</summary>
    public Task<UnpublishedTwin[]> UnpublishedAsync(CancellationToken cancel) => database.ReadAsync(connection => connection.Query<(string Id, string Site, long Version, string Desired)>(
        "SELECT id, site, desired_version, desired FROM devices WHERE published_version < desired_version AND desired IS NOT NULL ORDER BY id LIMIT 1000")
        .Select(row => new UnpublishedTwin(new DeviceId(row.Id), new SiteId(row.Site), row.Version, row.Desired)).ToArray(), cancel);

    public Task MarkPublishedAsync(UnpublishedTwin twin, CancellationToken cancel) => database.WriteAsync(connection => connection.Execute(
        "UPDATE devices SET published_version = @Version WHERE id = @Id AND published_version < @Version", new { twin.Version, Id = twin.Device.Value }), cancel);

    /// <summary>The broker lost what it retained: everything is to be said again.</summary>
    public Task ForgetPublishedAsync(CancellationToken cancel) => database.WriteAsync(connection => connection.Execute("UPDATE devices SET published_version = 0"), cancel);

    /// <summary>The model a rollout has on trial on the device; null when none is.</summary>
    private static string? TrialOf(TwinDesired? desired) =>
        desired?.Model is { Rollout: not null } model && (model.CompareWithPrevious || model.Stage == ModelStage.Shadow) ? model.Model.Digest : null;

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
