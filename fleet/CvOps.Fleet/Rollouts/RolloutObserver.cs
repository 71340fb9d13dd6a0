using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Rollouts;

/// <summary>Counts what people say of the frames on which a rollout's models disagree, and alarms of drift. What devices say is counted by the ingest itself (<see cref="RolloutBatch"/>).</summary>
internal sealed class RolloutObserver(RolloutStore store, RolloutSignals signals) : IFleetObserver
{
    public async ValueTask OnFrameLabelled(FrameView frame, CancellationToken cancel)
    {
        if (frame.Device is not { } device || frame.Shadow is null) return;
        if (await store.JudgedAsync(device, frame) is { } rollout) signals.Mark([rollout]);
    }

    public async ValueTask OnDriftAlarm(DriftWindow window, CancellationToken cancel)
    {
        if (await store.DriftAlarmAsync(window) is { } rollout) signals.Mark([rollout]);
    }
}
