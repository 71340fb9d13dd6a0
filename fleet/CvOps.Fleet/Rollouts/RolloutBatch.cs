using System.Data.Common;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Rollouts;

/// <summary>
/// What one transaction of the ingest means for the rollouts that run: its devices' states and counts change together with the marks of what was applied,
/// so that a message counts once, whatever is killed when. While no rollout runs there is none, and the ingest does nothing for it.
/// </summary>
internal sealed class RolloutBatch : IDisposable
{
    private static readonly ArmCounts Unlike = new([(ArmCounter.Unlike, 1)]);

    private readonly Dictionary<string, RolloutRow> _running;
    private readonly Dictionary<DeviceId, Member?> _members = [];
    private readonly DbConnection _connection;
    private readonly DateTimeOffset _now;
    private readonly RolloutDeviceTable _devices;
    private readonly CountTable _counts;
    private PreparedCommand? _newest;

    private RolloutBatch(DbConnection connection, DateTimeOffset now, RolloutRow[] running)
    {
        (_connection, _now, _running) = (connection, now, running.ToDictionary(row => row.Id));
        (_devices, _counts) = (new RolloutDeviceTable(connection, now), new CountTable(connection));
    }

    /// <returns>Null while no rollout runs.</returns>
    public static RolloutBatch? Begin(DbConnection connection, DateTimeOffset now) =>
        RolloutTable.List(connection, running: true) is { Length: > 0 } running ? new RolloutBatch(connection, now, running) : null;

    public void Count(Inspection inspection)
    {
        if (Of(inspection.Origin.Device) is not { } member) return;
        var (rollout, device) = (member.Rollout, member.Now);
        // A configuration leaves the model as it is: which arm a part belongs to follows from when the device took the settings over.
        var payload = rollout.IsModel ? rollout.Payload : device.State == RolloutDeviceState.Running && inspection.CapturedAt >= device.Since ? inspection.Model.Digest : "";
        var at = inspection.CapturedAt;
        if (rollout.IsModel && RolloutDeviceRule.Contradicts(device, inspection.Model.Digest, payload, at)) member.Add(Arms.Challenger, Unlike);
        else if (InspectionCounts.Of(inspection, payload, rollout.IsModel ? device.Previous?.Digest : inspection.Model.Digest, new CountLimits(device.SlowOver, CountLimits.Half)) is { } counts)
        {
            member.Add(counts.Challenger ? Arms.Challenger : Arms.Champion, counts.InCharge);
            member.Add(Arms.Challenger, counts.Pair);
        }
        if (rollout.IsModel) member.Now = RolloutDeviceRule.Inspected(device, inspection.Model.Digest, payload, at);
    }

    /// <summary>A health report names no model: it counts for the new one where that is loaded, in shadow too, and for neither while the device changes.</summary>
    /// <param name="restarted">The agent was started anew since the report before.</param>
    public void Count(DeviceHealth health, bool restarted)
    {
        if (Of(health.Origin.Device) is not { } member) return;
        int? arm = member.Now.State switch
        {
            RolloutDeviceState.Running or RolloutDeviceState.Shadowing => Arms.Challenger,
            RolloutDeviceState.Waiting => Arms.Champion,
            _ => null,
        };
        if (arm is { } side) member.Add(side, new ArmCounts([(ArmCounter.Reports, 1), (ArmCounter.Restarts, restarted ? 1 : 0)]));
    }

    /// <summary>A drift window that can be told; the alarm it may raise is counted by whoever decides about it (<see cref="RolloutStore.DriftAlarmAsync"/>).</summary>
    public void Count(DriftWindow window)
    {
        if (Of(window.Origin.Device) is { } member && ArmOf(member.Rollout, member.Now, window.Model.Digest, window.From) is { } arm) member.Add(arm, new ArmCounts([(ArmCounter.Windows, 1)]));
    }

    /// <returns>Whose counts something is that a device said under a model; null when it is about neither side.</returns>
    public static int? ArmOf(RolloutRow rollout, RolloutMember member, string model, DateTimeOffset at)
    {
        if (!rollout.IsModel) return member.State == RolloutDeviceState.Running && at >= member.Since ? Arms.Challenger : Arms.Champion;
        return model == rollout.Payload ? Arms.Challenger : model == member.Previous?.Digest ? Arms.Champion : null;
    }

    public void Report(DeviceId device, TwinReported reported)
    {
        if (Of(device) is not { } member) return;
        _newest ??= new PreparedCommand(_connection, "SELECT desired_version FROM devices WHERE id = @id", "id");
        var newest = (long)_newest.With(device.Value).ExecuteScalar()!;
        member.Now = RolloutDeviceRule.Reported(member.Now, reported, newest, member.Rollout.Payload, member.Rollout.IsModel, _now);
    }

    /// <returns>The rollouts of which something changed.</returns>
    public IReadOnlyCollection<string> Save()
    {
        HashSet<string> changed = [];
        foreach (var member in _members.Values)
        {
            if (member is null || (!member.Counted && member.Now == member.Before)) continue;
            changed.Add(member.Rollout.Id);
            _devices.Update(member.Before, member.Now);
            for (var arm = 0; arm < Arms.Count; arm++) _counts.Add(member.Rollout.Id, member.Now.Device.Value, member.Now.Ring, member.Now.Group, arm, member.Counts[arm]);
        }
        _devices.Save();
        _counts.Save();
        return changed;
    }

    public void Dispose()
    {
        _devices.Dispose();
        _counts.Dispose();
        _newest?.Dispose();
    }

    private Member? Of(DeviceId device)
    {
        if (_members.TryGetValue(device, out var known)) return known;
        var held = _devices.Held(device);
        return _members[device] = held is not null && _running.TryGetValue(held.Rollout, out var rollout) ? new Member(rollout, held) : null;
    }

    private sealed class Member(RolloutRow rollout, RolloutMember row)
    {
        public RolloutRow Rollout { get; } = rollout;

        public RolloutMember Before { get; } = row;

        public RolloutMember Now { get; set; } = row;

        public ArmCounts[] Counts { get; } = new ArmCounts[Arms.Count];

        public bool Counted { get; private set; }

        public void Add(int arm, in ArmCounts counts)
        {
            Counts[arm] += counts;
            Counted = true;
        }
    }
}
