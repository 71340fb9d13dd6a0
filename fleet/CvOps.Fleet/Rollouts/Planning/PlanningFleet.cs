using System.Data;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>The fleet as the planner sees it: of every device the few things that a plan can ask.</summary>
internal sealed class PlanningFleet(Database database, DeviceGroups groups, DeviceClusters clusters)
{
    private const string Columns = "id, site, online, last_seen, labels, reported, health";

    /// <param name="withClusters">Whether anybody asks for them: they take a look at the newest drift windows.</param>
    /// <param name="heldBy">By device, name of the rollout that has it.</param>
    /// <param name="outside">Only devices that are not in this rollout; null: all.</param>
    public async Task<Candidate[]> ReadAsync(bool withClusters, IReadOnlyDictionary<string, string> heldBy, CancellationToken cancel, string? outside = null)
    {
        var members = await groups.MembershipAsync(cancel);
        var clusterOf = withClusters ? await clusters.ReadAsync(cancel) : new Dictionary<string, string>();
        return await database.ReadAsync(connection =>
        {
            var where = outside is null ? "" : "WHERE NOT EXISTS (SELECT 1 FROM rollout_device AS d WHERE d.rollout = @outside AND d.device = devices.id)";
            using var rows = connection.ExecuteReader($"SELECT {Columns} FROM devices {where} ORDER BY id", new { outside });
            var (read, devices) = (new Reading(heldBy, clusterOf), new List<Candidate>());
            while (rows.Read())
            {
                var device = read.Row(rows);
                devices.Add(members.Groups.Count == 0 ? device : device with { Groups = members.Of(device.Selectable) });
            }
            return devices.ToArray();
        }, cancel);
    }

    /// <summary>Many devices have the same labels, site and model: each is there once.</summary>
    private sealed class Reading(IReadOnlyDictionary<string, string> heldBy, IReadOnlyDictionary<string, string> clusterOf)
    {
        private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _labels = [];
        private readonly Dictionary<string, SiteId> _sites = [];
        private readonly Dictionary<string, ModelRef> _models = [];

        public Candidate Row(IDataRecord row)
        {
            var id = row.GetString(0);
            var said = row.IsDBNull(5) ? null : JsonSerializer.Deserialize(row.GetString(5), PlannedJson.Default.PlannedReported);
            var health = row.IsDBNull(6) ? null : JsonSerializer.Deserialize(row.GetString(6), PlannedJson.Default.PlannedHealth);
            return new Candidate(new DeviceId(id), Site(row.GetString(1)), Labels(row.GetString(4)), said?.Model?.Active is { } active ? Model(active) : null, heldBy.GetValueOrDefault(id))
            {
                Settings = said?.Configuration?.Active, SlowOver = CountLimits.OfLatencies(health?.Cameras?.Select(camera => camera.LatencyMsP99) ?? []).SlowOver,
                Cluster = clusterOf.GetValueOrDefault(id), Online = row.GetInt64(2) != 0, Seen = SqlTime.From(row.GetInt64(3)),
            };
        }

        private IReadOnlyDictionary<string, string> Labels(string json)
        {
            if (!_labels.TryGetValue(json, out var labels)) _labels.Add(json, labels = JsonSerializer.Deserialize(json, ContractsJson.Default.IReadOnlyDictionaryStringString)!);
            return labels;
        }

        private SiteId Site(string name)
        {
            if (!_sites.TryGetValue(name, out var site)) _sites.Add(name, site = new SiteId(name));
            return site;
        }

        private ModelRef Model(ModelRef said)
        {
            if (_models.TryGetValue(said.Digest, out var known) && known == said) return known;
            return _models[said.Digest] = said;
        }
    }
}
