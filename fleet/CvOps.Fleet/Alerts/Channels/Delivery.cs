using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Alerts.Channels;

/// <summary>A channel with its secret.</summary>
internal sealed record Channel(string Name, AlertChannelSettings Settings, string? Secret);

/// <summary>A notification on its way.</summary>
/// <param name="Id">The same in each try.</param>
internal sealed record Parcel(string Id, DateTimeOffset MadeAt, AlertNotification Notification);

/// <summary>What came of a try.</summary>
/// <param name="Delivered">The other side has it.</param>
/// <param name="Detail">What it said, or why it did not work, in a sentence without secrets.</param>
/// <param name="IsFinal">To try again would not help.</param>
/// <param name="Wait">How long the other side asks to be left alone.</param>
internal sealed record DeliveryResult(bool Delivered, string Detail, bool IsFinal = false, TimeSpan? Wait = null);

/// <summary>A way to tell people or programs of alerts.</summary>
internal interface IAlertChannel
{
    /// <summary>Never throws but for cancellation.</summary>
    Task<DeliveryResult> DeliverAsync(Channel channel, Parcel parcel, CancellationToken cancel);
}

/// <summary>Brings a notification to its channel, whatever kind that is.</summary>
internal sealed class ChannelSender(WebhookChannel webhook, EmailChannel email, MqttChannel mqtt)
{
    public Task<DeliveryResult> DeliverAsync(Channel channel, Parcel parcel, CancellationToken cancel) => Of(channel.Settings.Kind).DeliverAsync(channel, parcel, cancel);

    private IAlertChannel Of(AlertChannelKind kind) => kind switch
    {
        AlertChannelKind.Webhook => webhook,
        AlertChannelKind.Email => email,
        AlertChannelKind.Mqtt => mqtt,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No kind of channel."),
    };
}
