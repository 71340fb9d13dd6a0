using System.Globalization;
using CvOps.Cli.Output;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Cli.Commands;

/// <summary>Devices as a table: what fits into 80 columns, or all of it.</summary>
internal static class DeviceList
{
    private const string Nobody = "No device has connected yet. Start one with 'cvops-agent --config agent.yaml'.";

    public static void Show(Screen screen, IReadOnlyList<DeviceView> devices, bool wide)
    {
        if (wide)
            screen.Table(devices, Nobody,
                ("device", device => $"{device.Id}"), ("site", device => $"{device.Site}"), ("is", device => $"{device.Connectivity}"), ("model", Model),
                ("update", device => $"{device.Reported?.Model.State.ToString() ?? "-"}"),
                ("cameras", device => string.Join(' ', device.Health?.Cameras.Select(camera => $"{camera.Camera}:{camera.State}") ?? [])),
                ("fps", device => (device.Health?.Cameras.Sum(camera => camera.Fps) ?? 0).ToString("0.0", CultureInfo.InvariantCulture)),
                ("inspections", device => $"{device.Inspections}"), ("last seen", device => $"{device.LastSeen:u}"));
        else screen.Table(devices, Nobody, ("device", device => $"{device.Id}"), ("is", device => $"{device.Connectivity}"), ("model", device => Model(device) + Change(device)), ("cameras", Cameras));
    }

    private static string Model(DeviceView device) => device.Reported?.Model.Active is { } model ? $"{model.Name} {model.Version}" : "-";

    /// <returns>Where an update stands; nothing of one that is long over.</returns>
    private static string Change(DeviceView device) => device.Reported?.Model.State is { } state && state is not (UpdateState.Idle or UpdateState.Committed) ? $" ({state})" : "";

    /// <returns>Such as <c>2 of 3 live</c>.</returns>
    private static string Cameras(DeviceView device) => device.Health is { Cameras: var cameras } ? $"{cameras.Count(camera => camera.State == CameraState.Live)} of {cameras.Count} live" : "-";
}
