using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Cli.Demo;

/// <summary>Waits for the fleet to say what a story needs to hear.</summary>
internal sealed class FleetWatch(FleetClient fleet)
{
    /// <exception cref="StoryFailure">It did not come within the patience; the message says what was seen last.</exception>
    public static async Task<T> Until<T>(string what, TimeSpan patience, Func<Task<T>> ask, Func<T, bool> enough, Func<T?, string> describe, CancellationToken ct)
        where T : class
    {
        T? last = null;
        return await Figures.Until(what, patience, async () =>
        {
            last = await ask();
            return enough(last) ? last : null;
        }, () => describe(last), ct);
    }

    public async Task<IReadOnlyList<DeviceView>> Online(int devices, TimeSpan patience, CancellationToken ct) =>
        await Until($"{devices} devices online", patience, async () => await fleet.Get<DeviceView[]>("devices", ct),
            all => all.Count(Live) >= devices, all => string.Join(", ", (all ?? []).Select(device => $"{device.Id} {device.Connectivity}")), ct);

    /// <summary>Waits until so many cameras are in the state, and returns all that are.</summary>
    public async Task<IReadOnlyList<DriftView>> Drift(int cameras, Func<DriftView, bool> state, TimeSpan patience, CancellationToken ct)
    {
        var all = await Until($"{cameras} cameras in the drift state asked for", patience, async () => await fleet.Get<DriftView[]>("drift", ct),
            views => views.Count(state) >= cameras,
            views => string.Join(", ", (views ?? []).Select(view => $"{view.Device}/{view.Camera} {view.State}")), ct);
        return [.. all.Where(state).OrderBy(view => view.Device.Value, StringComparer.Ordinal)];
    }

    private static bool Live(DeviceView device) =>
        device.Connectivity == Connectivity.Online && device.Health is { } health && health.Cameras.All(camera => camera.State == CameraState.Live);
}
