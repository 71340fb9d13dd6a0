using CvOps.Contracts;

namespace CvOps.Fleet.Rollouts;

/// <summary>
/// Which rollout a device is in, for the ingest to ask at its own rate: the index grain is asked once in <see cref="Lifetime"/>, not once a message.
/// </summary>
internal sealed class RunningRollouts(IGrainFactory grains, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private volatile Snapshot? _snapshot;

    public async ValueTask<IReadOnlyList<IndexedRollout>> Of(DeviceId device)
    {
        var snapshot = _snapshot;
        if (snapshot is null || time.GetElapsedTime(snapshot.TakenAt) > Lifetime)
        {
            var takenAt = time.GetTimestamp();
            var all = await grains.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key).List();
            _snapshot = snapshot = new Snapshot(takenAt, all.Where(r => r.Running)
                .SelectMany(r => r.Previous.Keys.Select(id => (id, r))).ToLookup(x => x.id, x => x.r));
        }
        return [.. snapshot.ByDevice[device.Value]];
    }

    /// <summary>The index changed on this machine.</summary>
    public void Forget() => _snapshot = null;

    private sealed record Snapshot(long TakenAt, ILookup<string, IndexedRollout> ByDevice);
}
