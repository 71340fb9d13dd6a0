using System.Data.Common;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Models;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts;

/// <summary>
/// Tells many devices in one transaction: who was chosen, the document that says so and the version it has become durable together, or none of them.
/// So whatever is killed when, no device is told without being known as told, and none is told twice.
/// </summary>
internal sealed class OrderBatch(DesiredTwins desired, TimeProvider time)
{
    /// <summary>Gives the payload to devices that wait for it. Nobody gets it under the emergency stop or once it is revoked, nor from a rollout that tells nobody by now, and nobody whom another rollout holds.</summary>
    /// <param name="state">Assigned, or Shadowing.</param>
    /// <param name="may">Asked before each device: false ends the batch.</param>
    /// <param name="give">The order for a device, as it is by then; true where it is to be tried again, should it be what the device was told before.</param>
    /// <returns>Devices that were told, or can't be.</returns>
    public Task<int> AssignAsync(RolloutRow rollout, IReadOnlyList<DeviceId> chosen, RolloutDeviceState state, Func<bool> may, Func<DesiredTable, RolloutMember, bool, Order> give) => WriteAsync((connection, devices, told) =>
    {
        // Whoever chose them may not have heard yet.
        if (EmergencyStopTable.IsOn(connection) || RolloutTable.Find(connection, rollout.Id) is not { Running: true } row || !(RolloutMachine.MayAssign(row.State) || row.State == RolloutState.Soaking)) return 0;
        if (Revocations.IsRevoked(connection, row.Payload)) return 0;
        using var counts = new CountTable(connection);
        var assigned = 0;
        foreach (var device in chosen)
        {
            if (!may()) break;
            if (Held(devices, rollout, device) is not { } member) continue;
            // Chosen and not told: by a fleet of before the two were one transaction.
            var isPending = member.State == state && member.Ordered == 0;
            if (!isPending && member.State is not (RolloutDeviceState.Waiting or RolloutDeviceState.Shadowing or RolloutDeviceState.Skipped)) continue;
            var first = member.Ordered == 0 && !isPending ? RolloutMembers.AsToldNow(member, told.Reported(device), rollout) : member;
            var next = first with { State = state, Ordered = 0, Reason = null };
            // Who waits and was told just this has failed and is to try once more: its last word is not the answer.
            devices.Update(member, Told(told, rollout, next, give(told, next, member.State == RolloutDeviceState.Waiting), RolloutDeviceState.Failed));
            // What it counted until now is its own past; the part of it that was that already, before a retry, is not added again.
            if (state == RolloutDeviceState.Assigned && !isPending) counts.Add(rollout.Id, device.Value, member.Ring, member.Group, Arms.Past, counts.Of(rollout.Id, device.Value, Arms.Champion) - counts.Of(rollout.Id, device.Value, Arms.Past));
            assigned++;
        }
        counts.Save();
        return assigned;
    });

    /// <summary>Has devices return to what they had.</summary>
    /// <param name="takeBack">The order for a device, as it is by then.</param>
    /// <returns>Devices that were told, or keep what they have.</returns>
    public Task<int> ReturnAsync(RolloutRow rollout, IReadOnlyList<DeviceId> chosen, Func<DesiredTable, RolloutMember, Order> takeBack) => WriteAsync((_, devices, told) =>
    {
        var returned = 0;
        foreach (var device in chosen)
        {
            if (devices.Held(device) is not { } member || member.Rollout != rollout.Id) continue;
            returned++;
            var next = member with { State = RolloutDeviceState.RollingBack, Ordered = 0, Reason = null };
            devices.Update(member, Told(told, rollout, next, takeBack(told, next), RolloutDeviceState.RolledBack));
        }
        return returned;
    });

    /// <summary>The question is answered: a shadow that goes on costs inferences for nothing.</summary>
    public Task<int> EndComparisonsAsync(RolloutRow rollout, IReadOnlyList<DeviceId> chosen) => WriteAsync((_, devices, told) =>
    {
        foreach (var device in chosen)
        {
            if (devices.Held(device) is not { } member || member.Rollout != rollout.Id) continue;
            var next = member with { Compares = false, Ordered = DeviceOrder.EndComparison(told, member).Version ?? member.Ordered };
            // Nothing of the rollout is left on a device that only had it in shadow.
            devices.Update(member, member.State == RolloutDeviceState.Shadowing ? next with { State = RolloutDeviceState.Waiting, Ordered = 0 } : next);
        }
        return chosen.Count;
    });

    /// <param name="settled">State of a device that was told nothing.</param>
    private RolloutMember Told(DesiredTable told, RolloutRow rollout, RolloutMember member, Order order, RolloutDeviceState settled)
    {
        if (order.Version is not { } version) return member with { State = settled, Reason = order.Settled };
        var next = member with { Ordered = version };
        // It was to have that already: what it has said since counts.
        return !order.IsNew && told.Reported(member.Device) is { } said ? RolloutDeviceRule.Reported(next, said, version, rollout.Payload, rollout.IsModel, time.GetUtcNow()) : next;
    }

    private static RolloutMember? Held(RolloutDeviceTable devices, RolloutRow rollout, DeviceId device)
    {
        var member = devices.Held(device);
        if (member is null || member.Rollout != rollout.Id)
        {
            if (!devices.Claim(device, rollout)) return null;
            devices.Hold(rollout.Id, device);
            member = devices.Held(device);
        }
        return member?.Rollout == rollout.Id ? member : null;
    }

    private Task<int> WriteAsync(Func<DbConnection, RolloutDeviceTable, DesiredTable, int> work) => desired.WriteAsync((connection, told) =>
    {
        using var devices = new RolloutDeviceTable(connection, time.GetUtcNow());
        var count = work(connection, devices, told);
        devices.Save();
        return count;
    });
}
