using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>The fleet as the planner sees it: of every device the few things that a plan can ask.</summary>
internal sealed class PlanningFleet(Database database, DeviceGroups groups, DeviceClusters clusters)
{
    /// <param name="withClusters">Whether anybody asks for them: they take a look at the newest drift windows.</param>
    /// <param name="heldBy">By device, name of the rollout that has it.</param>
    public async Task<Candidate[]> ReadAsync(bool withClusters, IReadOnlyDictionary<string, string> heldBy, CancellationToken cancel)
    {
        var members = await groups.MembershipAsync(cancel);
        var clusterOf = withClusters ? await clusters.ReadAsync(cancel) : new Dictionary<string, string>();
        var rows = await database.ReadAsync(connection => connection.Query<Row>(
            "SELECT id, site, online, last_seen AS LastSeen, labels, reported FROM devices ORDER BY id").AsList(), cancel);
        return
        [
            .. rows.Select(row => new Candidate(new DeviceId(row.Id), new SiteId(row.Site), row.ReadLabels(),
                row.ReadReported()?.Model.Active, heldBy.GetValueOrDefault(row.Id))
            {
                Settings = row.ReadReported()?.Configuration?.Active,
                Cluster = clusterOf.GetValueOrDefault(row.Id), Online = row.Online, Seen = SqlTime.From(row.LastSeen),
            }).Select(device => device with { Groups = members.Of(device.Selectable) }),
        ];
    }

    private sealed class Row
    {
        public string Id { get; init; } = "";
        public string Site { get; init; } = "";
        public bool Online { get; init; }
        public long LastSeen { get; init; }
        public string Labels { get; init; } = "{}";
        public string? Reported { get; init; }

        public TwinReported? ReadReported() => _said ??= Reported is null ? null : JsonSerializer.Deserialize(Reported, ContractsJson.Default.TwinReported);

        private TwinReported? _said;

        public IReadOnlyDictionary<string, string> ReadLabels() => JsonSerializer.Deserialize(Labels, ContractsJson.Default.IReadOnlyDictionaryStringString)!;
    }
}
