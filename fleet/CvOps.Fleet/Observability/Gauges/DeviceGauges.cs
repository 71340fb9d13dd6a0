using CvOps.Fleet.Devices.Twins;
using CvOps.Observability.Metrics;

namespace CvOps.Fleet.Observability.Gauges;

/// <summary>Devices and cameras by site. The largest sites keep their names, the others are one.</summary>
internal sealed class DeviceGauges(TwinStore twins) : IFleetGauges
{
    public async ValueTask WriteAsync(MetricPage page, CancellationToken cancel)
    {
        await twins.Loaded.WaitAsync(cancel);
        page.Declare(FleetMetrics.Devices).Declare(FleetMetrics.DevicesTroubled).Declare(FleetMetrics.Cameras);
        var sites = twins.Survey().GroupBy(set => set.Set.Site.Value, set => set.Counts).OrderByDescending(site => site.Sum(counts => counts.Devices)).ThenBy(site => site.Key, StringComparer.Ordinal).ToArray();
        for (var i = 0; i < sites.Length; i++) Write(page, i < FleetMetrics.MostSites ? sites[i].Key : MetricPage.Other, [.. sites[i]]);
    }

    private static void Write(MetricPage page, string site, TwinCounts[] sets)
    {
        var (devices, online) = (sets.Sum(set => set.Devices), sets.Sum(set => set.Online));
        var (cameras, live) = (sets.Sum(set => set.Cameras), sets.Sum(set => set.CamerasLive));
        page.Add(FleetMetrics.Devices, online, site, "online").Add(FleetMetrics.Devices, devices - online, site, "offline")
            .Add(FleetMetrics.Cameras, live, site, "live").Add(FleetMetrics.Cameras, cameras - live, site, "dark")
            .Add(FleetMetrics.DevicesTroubled, sets.Sum(set => set.Errors), site, "error").Add(FleetMetrics.DevicesTroubled, sets.Sum(set => set.Warnings), site, "warning");
    }
}
