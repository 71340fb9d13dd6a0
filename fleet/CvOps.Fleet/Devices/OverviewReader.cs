using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Devices;

/// <summary>The fleet in one look, put together from the features that know.</summary>
internal sealed class OverviewReader(DeviceDirectory devices, InspectionLog inspections, LabelQueue queue, IEnumerable<IOverviewSource> sources)
{
    private const int MostAttention = 100;

    public async Task<FleetOverview> ReadAsync(CancellationToken cancel)
    {
        var all = await devices.ListAsync(cancel);
        var parts = new List<OverviewPart>();
        foreach (var source in sources) parts.Add(await source.ReadAsync(cancel));
        var attention = all.SelectMany(DeviceAttention.Of).Concat(parts.SelectMany(part => part.NeedsAttention ?? []))
            .OrderBy(item => item.Severity == "error" ? 0 : 1).ThenByDescending(item => item.Since).Take(MostAttention).ToArray();
        var waiting = await queue.PageAsync(new FrameQuery(LabelState.Unlabelled, null, null, null, 1), cancel);
        return new FleetOverview(
            all.Length, all.Count(device => device.Connectivity == Connectivity.Online),
            all.Where(device => device.Connectivity == Connectivity.Online).Sum(device => device.Health?.Cameras.Count(camera => camera.State == CameraState.Live) ?? 0),
            all.Sum(device => device.Health?.Cameras.Count ?? device.Reported?.Cameras.Count ?? 0),
            await inspections.TodayAsync(cancel), parts.Sum(part => part.RolloutsRunning), parts.Sum(part => part.DriftAlarms), waiting.Unlabelled, attention);
    }
}
