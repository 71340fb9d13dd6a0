using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Rollouts;

/// <summary>Counts alarms of drift. What devices say is counted by the ingest itself (<see cref="RolloutBatch"/>), what people say with their labels (<see cref="JudgedFrames"/>).</summary>
internal sealed class RolloutObserver(RolloutStore store, RolloutSignals signals) : IFleetObserver
{
    public async ValueTask OnDriftAlarm(DriftWindow window, CancellationToken cancel)
    {
        if (await store.DriftAlarmAsync(window) is { } rollout) signals.Mark([rollout]);
    }
}
