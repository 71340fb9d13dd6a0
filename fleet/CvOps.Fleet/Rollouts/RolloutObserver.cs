using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts;

/// <summary>Hands a rollout what its devices say, a batch in one call and only what concerns it.</summary>
internal sealed class RolloutObserver(RunningRollouts running, IGrainFactory grains) : IFleetObserver
{
    public async ValueTask OnInspections(DeviceId device, IReadOnlyList<Inspection> inspections, CancellationToken cancel)
    {
        foreach (var rollout in await running.Of(device))
            if (RolloutTally.Of(device, inspections, rollout.Model, rollout.Previous[device.Value]) is { } tally)
                await grains.GetGrain<IRolloutGrain>(rollout.Id).Observe(tally);
    }

    public async ValueTask OnTwinReported(DeviceId device, TwinReported reported, CancellationToken cancel)
    {
        foreach (var rollout in await running.Of(device)) await grains.GetGrain<IRolloutGrain>(rollout.Id).DeviceReported(device, reported);
    }

    public async ValueTask OnFrameLabelled(FrameView frame, CancellationToken cancel)
    {
        if (frame.Device is not { } device || frame.Shadow is null) return;
        foreach (var rollout in await running.Of(device)) await grains.GetGrain<IRolloutGrain>(rollout.Id).FrameJudged(frame);
    }
}
