using CvOps.Contracts.Api;
using CvOps.Fleet.Access;

namespace CvOps.Fleet.Rollouts;

/// <summary>
/// Stops every rollout by one flag. From its commit on no transaction chooses a device to be told; the rollouts then follow, each in its own time, also
/// those that a crash kept from hearing of it.
/// </summary>
internal sealed class RolloutEmergency(RolloutStore store, IGrainFactory grains, Audit audit, TimeProvider time)
{
    public Task<EmergencyStop> ReadAsync() => store.EmergencyAsync();

    public async Task<EmergencyStop> StopAsync(RolloutAction action)
    {
        await store.Write(connection =>
        {
            EmergencyStopTable.Set(connection, action, time.GetUtcNow());
            return true;
        });
        await audit.RecordAsync(action.By, "rollout.stop-all", "all", action.Reason, CancellationToken.None);
        var running = await grains.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key).List(running: true);
        await Task.WhenAll(running.Select(id => grains.GetGrain<IRolloutGrain>(id).Judge()));
        return await ReadAsync() with { Paused = running };
    }

    /// <summary>Devices may be told again. The rollouts stay paused until a person resumes each.</summary>
    public async Task<EmergencyStop> LiftAsync(RolloutAction action)
    {
        if (await store.Write(EmergencyStopTable.Lift)) await audit.RecordAsync(action.By, "rollout.stop-lifted", "all", action.Reason, CancellationToken.None);
        return await ReadAsync();
    }
}
