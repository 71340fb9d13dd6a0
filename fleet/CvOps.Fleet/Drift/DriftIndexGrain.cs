using CvOps.Contracts.Api;
using CvOps.Fleet.Devices;

namespace CvOps.Fleet.Drift;

/// <param name="Key"><c>device/camera</c>.</param>
/// <param name="BrightnessMoved">What the site's cameras may have in common.</param>
[GenerateSerializer, Immutable]
internal sealed record DriftSummary([property: Id(0)] string Key, [property: Id(1)] DriftState State, [property: Id(2)] bool BrightnessMoved);

/// <param name="Cameras">Cameras of the site.</param>
/// <param name="Moved">Those whose brightness has moved.</param>
/// <param name="FleetCameras">Cameras of all sites.</param>
[GenerateSerializer, Immutable]
internal sealed record SiteDrift([property: Id(0)] int Cameras, [property: Id(1)] int Moved, [property: Id(2)] int FleetCameras);

/// <summary>Which cameras there are, and how they stand in a word.</summary>
internal interface IDriftIndexGrain : IGrainWithStringKey
{
    const string Key = "all";

    /// <returns>The site of that camera, itself included.</returns>
    Task<SiteDrift> Report(DriftSummary summary);

    Task<IReadOnlyList<DriftSummary>> List();
}

internal sealed class DriftIndexRecord
{
    public int Form { get; set; } = 1;

    public Dictionary<string, DriftSummary> Cameras { get; set; } = [];

    /// <summary>By device; a device does not change its site while it is known.</summary>
    public Dictionary<string, string> Sites { get; set; } = [];
}

internal sealed class DriftIndexGrain([PersistentState("drift-index")] IPersistentState<DriftIndexRecord> state, DeviceDirectory devices) : Grain, IDriftIndexGrain
{
    public async Task<SiteDrift> Report(DriftSummary summary)
    {
        var site = await SiteOf(summary.Key);
        if (state.State.Cameras.GetValueOrDefault(summary.Key) != summary)
        {
            state.State.Cameras[summary.Key] = summary;
            try
            {
                await state.WriteStateAsync();
            }
            catch
            {
                DeactivateOnIdle();
                throw;
            }
        }
        var cameras = state.State.Cameras.Values.Where(c => state.State.Sites.GetValueOrDefault(Device(c.Key)) == site).ToArray();
        return new SiteDrift(cameras.Length, cameras.Count(c => c.BrightnessMoved), state.State.Cameras.Count);
    }

    public Task<IReadOnlyList<DriftSummary>> List() => Task.FromResult<IReadOnlyList<DriftSummary>>(state.State.Cameras.Values.OrderBy(c => c.Key, StringComparer.Ordinal).ToArray());

    private async Task<string> SiteOf(string key)
    {
        var device = Device(key);
        if (state.State.Sites.TryGetValue(device, out var known)) return known;
        var site = (await devices.FindAsync(new(device), CancellationToken.None))?.Site.Value ?? "";
        if (site.Length > 0) state.State.Sites[device] = site;
        return site;
    }

    private static string Device(string key) => key[..key.IndexOf('/', StringComparison.Ordinal)];
}
