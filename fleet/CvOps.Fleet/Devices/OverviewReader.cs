using CvOps.Contracts.Api;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Devices;

/// <summary>The fleet in one look, put together from the features that know.</summary>
internal sealed class OverviewReader(TwinStore twins, InspectionLog inspections, LabelQueue queue, IEnumerable<IOverviewSource> sources)
{
    private const int MostAttention = 100;

    public async Task<FleetOverview> ReadAsync(CancellationToken cancel)
    {
        await twins.Loaded.WaitAsync(cancel);
        var (counts, devices) = twins.Overview(MostAttention);
        var parts = new List<OverviewPart>();
        foreach (var source in sources) parts.Add(await source.ReadAsync(cancel));
        var attention = devices.SelectMany(DeviceAttention.Of).Concat(parts.SelectMany(part => part.NeedsAttention ?? []))
            .OrderBy(item => item.Severity == "error" ? 0 : 1).ThenByDescending(item => item.Since).Take(MostAttention).ToArray();
        var waiting = await queue.PageAsync(FrameQuery.Waiting(1), cancel);
        return new FleetOverview(
            counts.Devices, counts.Online, counts.CamerasLive, counts.Cameras,
            await inspections.TodayAsync(cancel), parts.Sum(part => part.RolloutsRunning), parts.Sum(part => part.DriftAlarms), waiting.Unlabelled, attention);
    }
}
