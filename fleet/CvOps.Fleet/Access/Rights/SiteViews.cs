using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access.Rights;

/// <summary>Lists as somebody may see them: of all sites, or of those whose the right to read is for.</summary>
internal sealed class SiteViews(TwinSelector selector, TwinStore twins, SiteOf sites, OverviewReader overview, LabelQueue queue, Database database, IGrainFactory grains)
{
    /// <summary>Pages of frames that are looked through for one page of a site's; a rare site's page may be short and go on with its cursor.</summary>
    private const int MostPages = 50;

    /// <param name="select">A label selector; null for every device.</param>
    /// <returns>The devices, or in a sentence why the selector is none.</returns>
    public async Task<(DeviceView[]? Devices, string? Refusal)> DevicesAsync(Principal? who, string? select, string? after, int? limit, CancellationToken cancel)
    {
        var own = who?.Sites(Permission.Read);
        var (chosen, refusal) = await selector.ReadAsync(select, cancel);
        if (chosen is null) return (null, refusal);
        // A site of mine that has no device yet is no mistake: so each is looked at, and none is named in the selector.
        var page = own is null ? twins.Page(chosen, after ?? "", limit) : twins.Page(chosen, after ?? "", null).Where(device => own.Contains(device.Site.Value)).Take(limit ?? int.MaxValue);
        return ([.. page], null);
    }

    public async Task<RolloutView[]> RolloutsAsync(Principal? who, CancellationToken cancel)
    {
        var all = await RolloutEndpoints.ReadAll(grains);
        if (who?.Sites(Permission.Read) is not { } own) return all;
        var mine = await sites.RolloutsAsync(own, cancel);
        return [.. all.Where(rollout => mine.Contains(rollout.Id))];
    }

    public async Task<DriftView[]> DriftAsync(Principal? who, CancellationToken cancel)
    {
        var all = await DriftEndpoints.ReadAll(grains);
        if (who?.Sites(Permission.Read) is not { } own) return all;
        var mine = await sites.DevicesAsync(own, cancel);
        return [.. all.Where(camera => mine.Contains(camera.Device.Value))];
    }

    public async Task<FramePage> FramesAsync(Principal? who, FrameQuery query, CancellationToken cancel)
    {
        if (who?.Sites(Permission.Read) is not { } own) return await queue.PageAsync(query, cancel);
        var mine = await sites.DevicesAsync(own, cancel);
        var (found, cursor) = (new List<FrameView>(), query.After);
        for (var pages = 0; pages < MostPages; pages++)
        {
            // One at a time behind the last that fits, so that the cursor is the one of a page that ends there.
            var page = await queue.PageAsync(query with { After = cursor }, cancel);
            var fits = page.Frames.Where(frame => frame.Device is { } device && mine.Contains(device.Value)).ToArray();
            if (found.Count > 0 && found.Count + fits.Length > query.Limit) break;
            found.AddRange(fits);
            cursor = page.Next;
            if (cursor is null || found.Count >= query.Limit) break;
        }
        var counts = await database.ReadAsync(connection => connection.Query<(string Device, int State, long Frames)>("SELECT device, state, frames FROM frame_tally").Where(row => mine.Contains(row.Device)).ToArray(), cancel);
        return new FramePage(found, Sum(LabelState.Unlabelled), Sum(LabelState.Labelled), cursor);

        int Sum(LabelState state) => (int)counts.Where(row => row.State == (int)state).Sum(row => row.Frames);
    }

    /// <summary>The fleet in one look. Today's inspections are counted over all sites alone: who sees some is told of none.</summary>
    public async Task<FleetOverview> OverviewAsync(Principal? who, CancellationToken cancel)
    {
        var whole = await overview.ReadAsync(cancel);
        if (who?.Sites(Permission.Read) is not { } own) return whole;
        var devices = (await DevicesAsync(who, null, null, null, cancel)).Devices!;
        var (rollouts, drift) = (await RolloutsAsync(who, cancel), await DriftAsync(who, cancel));
        var cameras = devices.SelectMany(device => device.Health?.Cameras ?? []).ToArray();
        var links = devices.Select(device => $"/devices/{device.Id}").Concat(rollouts.Select(rollout => $"/rollouts/{rollout.Id}")).Concat(drift.Select(camera => $"/drift/{camera.Device}/{camera.Camera}")).ToHashSet(StringComparer.Ordinal);
        return whole with
        {
            Devices = devices.Length, Online = devices.Count(device => device.Connectivity == Connectivity.Online), Cameras = cameras.Length, CamerasLive = cameras.Count(camera => camera.State == CameraState.Live),
            InspectionsToday = 0, RolloutsRunning = rollouts.Count(rollout => RolloutMachine.IsRunning(rollout.State)), DriftAlarms = drift.Count(camera => camera.State == DriftState.Alarm),
            FramesToLabel = (await FramesAsync(who, FrameQuery.Waiting(1), cancel)).Unlabelled, NeedsAttention = [.. whole.NeedsAttention.Where(item => links.Contains(item.Link))],
        };
    }
}
