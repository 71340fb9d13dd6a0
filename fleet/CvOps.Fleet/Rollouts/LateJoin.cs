using System.Data.Common;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Models;
using CvOps.Fleet.Rollouts.Planning;
using Dapper;

namespace CvOps.Fleet.Rollouts;

/// <summary>Devices that match a plan's target only after its rings were dealt: they join the last ring and wait for their turn like everybody there.</summary>
internal sealed class LateJoin(PlanningFleet fleet, RolloutStore store, ModelRegistry registry, TimeProvider time)
{
    /// <summary>Devices of one look; the next look finds the rest.</summary>
    public const int Most = 1000;

    private const int Named = 5;

    /// <summary>Who matches, is free, does not have the payload and could go back to what it has. Changes nothing.</summary>
    public async Task<IReadOnlyList<RolloutMember>> FindAsync(string id, RolloutPlan plan)
    {
        var cancel = CancellationToken.None;
        // Held by any other: unlike one that is being made, a rollout that runs takes no device from another.
        var candidates = await fleet.ReadAsync(withClusters: false, await store.HeldByAsync(int.MinValue, but: id), cancel, outside: id);
        var late = RingPlanner.Late(plan, candidates);
        if (late.Count == 0) return [];
        var views = candidates.ToDictionary(candidate => candidate.Id);
        var known = (await registry.ListAsync(cancel)).Select(registered => registered.Model.Digest).ToHashSet();
        var members = new List<RolloutMember>();
        foreach (var device in late)
        {
            if (members.Count == Most) break;
            // A device that could not be given back what it has stays out.
            if (plan.Model is not null && device.Previous is { } previous && !known.Contains(previous.Digest)) continue;
            members.Add(RolloutMembers.Late(id, plan, device, views[device.Device]));
        }
        return members;
    }

    /// <summary>Adds those who are still free, once, with an entry in the audit log, all in one transaction.</summary>
    /// <returns>Who joined.</returns>
    public Task<List<DeviceId>> JoinAsync(string id, RolloutPlan plan, IReadOnlyList<RolloutMember> found) => store.Write(connection => Join(connection, id, plan, found));

    private List<DeviceId> Join(DbConnection connection, string id, RolloutPlan plan, IReadOnlyList<RolloutMember> found)
    {
        if (RolloutTable.Find(connection, id) is not { Running: true }) return [];
        var ring = plan.Rings.Count - 1;
        var place = connection.ExecuteScalar<long>("SELECT coalesce(max(place), -1) FROM rollout_device WHERE rollout = @id", new { id });
        var comparing = connection.ExecuteScalar<long>("SELECT count(*) FROM rollout_device WHERE rollout = @id AND ring = @ring AND compares = 1", new { id, ring });
        var groups = connection.Query<(string Group, string Site)>("SELECT DISTINCT grp, site FROM rollout_device WHERE rollout = @id", new { id }).ToHashSet();
        using var table = new RolloutDeviceTable(connection, time.GetUtcNow());
        var joined = new List<DeviceId>();
        foreach (var member in found)
        {
            var key = new { id, device = member.Device.Value };
            if (table.Held(member.Device) is not null || connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM rollout_device WHERE rollout = @id AND device = @device)", key)) continue;
            table.Insert(RolloutMembers.Placed(member, (int)++place, comparing, groups), held: true);
            if (member.Compares) comparing++;
            joined.Add(member.Device);
        }
        table.Save();
        if (joined.Count > 0) Audit.Add(connection, time.GetUtcNow(), "rollout", "rollout.joined", id, Sentence(plan, joined));
        return joined;
    }

    private static string Sentence(RolloutPlan plan, List<DeviceId> joined) =>
        $"{plan.Name}: {(joined.Count == 1 ? "1 device" : $"{joined.Count} devices")} joined ring '{plan.Rings[^1].Name}': {string.Join(", ", joined.Take(Named))}{(joined.Count > Named ? $" and {joined.Count - Named} more" : "")}";
}
