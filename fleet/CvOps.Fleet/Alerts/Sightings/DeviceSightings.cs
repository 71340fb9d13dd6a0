using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Devices.Twins;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Alerts.Sightings;

/// <summary>Devices and cameras, as the overview sees them.</summary>
internal sealed class DeviceSightings(TwinStore twins) : ISightingSource
{
    public IReadOnlyList<AlertSource> Sources { get; } =
    [
        AlertSource.DeviceOffline, AlertSource.DeviceOverdue, AlertSource.CameraOutage, AlertSource.ClockOffset, AlertSource.UpdateFailed, AlertSource.SpoolEviction, AlertSource.DeviceDisk,
    ];

    public async ValueTask<IReadOnlyList<Sighting>> ReadAsync(CancellationToken cancel)
    {
        await twins.Loaded.WaitAsync(cancel);
        return [.. twins.Overview(int.MaxValue).Attention.SelectMany(Of)];
    }

    public static IEnumerable<Sighting> Of(DeviceView device)
    {
        var labels = LabelsOf(device);
        foreach (var (source, camera, attention) in DeviceAttention.Items(device))
        {
            // A spool that the disk refused is another trouble than one that was too small.
            if (source == AlertSource.SpoolEviction && device.Health!.Spool.Losses is not null && DeviceAttention.Lately(device.Health).All(loss => loss.Reason != SpoolLossReason.Budget)) continue;
            yield return camera is { } name
                ? new Sighting(source, $"{device.Id}/{name}", attention.Message, attention.Link, attention.Since, new Dictionary<string, string>(labels) { ["camera"] = name.Value })
                : new Sighting(source, device.Id.Value, attention.Message, attention.Link, attention.Since, labels);
        }
        if (device.Health is { } health && DeviceAttention.Lately(health).Where(loss => loss.Reason == SpoolLossReason.Disk).Sum(loss => loss.Messages) is > 0 and var messages)
            yield return new Sighting(AlertSource.DeviceDisk, device.Id.Value, $"The disk of {device.Id} refused {messages} messages since its agent's start, and did so lately: see whether it is full or broken (df, dmesg).", $"/devices/{device.Id}", health.At, labels);
    }

    /// <summary>A device's own labels with its site and id.</summary>
    public static Dictionary<string, string> LabelsOf(DeviceView device) =>
        new(device.Labels) { [DeviceLabels.DeviceName] = device.Id.Value, [DeviceLabels.SiteName] = device.Site.Value };
}
