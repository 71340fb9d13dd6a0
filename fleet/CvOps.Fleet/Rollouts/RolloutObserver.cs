using CvOps.Contracts.Api;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Rollouts;

/// <summary>Counts what people say of the frames on which a rollout's models disagree. What devices say is counted by the ingest itself (<see cref="RolloutBatch"/>).</summary>
internal sealed class RolloutObserver(RolloutStore store, RolloutSignals signals) : IFleetObserver
{
    public async ValueTask OnFrameLabelled(FrameView frame, CancellationToken cancel)
    {
        if (frame.Device is not { } device || frame.Shadow is null) return;
        if (await store.JudgedAsync(device, frame) is { } rollout) signals.Mark([rollout]);
    }
}
