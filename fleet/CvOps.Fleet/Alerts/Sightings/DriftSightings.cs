using CvOps.Contracts.Api;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Drift;

namespace CvOps.Fleet.Alerts.Sightings;

/// <summary>Alarms of drift, each with its probable cause.</summary>
internal sealed class DriftSightings(IGrainFactory grains, DeviceDirectory devices) : ISightingSource
{
    public IReadOnlyList<AlertSource> Sources { get; } = [AlertSource.Drift];

    public async ValueTask<IReadOnlyList<Sighting>> ReadAsync(CancellationToken cancel)
    {
        var found = new List<Sighting>();
        foreach (var camera in await grains.GetGrain<IDriftIndexGrain>(IDriftIndexGrain.Key).List())
        {
            if (camera.State != DriftState.Alarm || await grains.GetGrain<IDriftGrain>(camera.Key).Read() is not { View: var view }) continue;
            var labels = await devices.FindAsync(view.Device, cancel) is { } device ? DeviceSightings.LabelsOf(device) : new Dictionary<string, string> { ["device"] = view.Device.Value };
            (labels["camera"], labels["model"]) = (view.Camera.Value, view.Model.Name);
            if (view.Cause is { } cause) labels["cause"] = cause;
            found.Add(new Sighting(AlertSource.Drift, camera.Key, Summary(view), $"/drift/{camera.Key}", view.Since, labels));
        }
        return found;
    }

    /// <summary>What a person does about it; what moved by how much is behind the link.</summary>
    private static string Summary(DriftView view) => $"has drifted{(view.Cause is { } cause ? $", probably {cause.Replace('-', ' ')}" : "")}: {DriftWords.Advice(view)}";
}
