using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Alerts;
using CvOps.Fleet.Ingest;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Alerts.Channels;

/// <summary>Publishes each alert of a notification on its topic (<see cref="Topics.Alert"/>), QoS 1, through the fleet's own connection.</summary>
internal sealed class MqttChannel(FleetLink link) : IAlertChannel
{
    public async Task<DeliveryResult> DeliverAsync(Channel channel, Parcel parcel, CancellationToken cancel)
    {
        try
        {
            foreach (var alert in parcel.Notification.Alerts)
                await link.PublishAsync(TopicOf(alert), JsonSerializer.SerializeToUtf8Bytes(alert, ContractsJson.Default.AlertMessage), retain: false, cancel);
            return new DeliveryResult(true, $"The broker has {(parcel.Notification.Alerts.Count == 1 ? TopicOf(parcel.Notification.Alerts[0]) : $"{parcel.Notification.Alerts.Count} messages")}.");
        }
        catch (LinkDownException e)
        {
            return new DeliveryResult(false, e.Message);
        }
    }

    public static string TopicOf(AlertMessage alert) => new Topics(new SiteId(Level(alert, DeviceLabels.SiteName)), new DeviceId(Level(alert, DeviceLabels.DeviceName))).Alert(alert.Rule);

    /// <summary>Where no device is meant, or one whose site nobody knows, the level is the fleet's.</summary>
    private static string Level(AlertMessage alert, string label) => alert.Labels.TryGetValue(label, out var value) && Identifier.IsValid(value) ? value : Sighting.Fleet;
}
