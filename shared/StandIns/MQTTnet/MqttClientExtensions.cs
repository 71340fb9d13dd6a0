using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace MQTTnet;

public static class MqttClientExtensions
{
    public static Task DisconnectAsync(
        this IMqttClient client, MqttClientDisconnectOptionsReason reason = MqttClientDisconnectOptionsReason.NormalDisconnection, string? reasonString = null,
        uint sessionExpiryInterval = 0, List<MqttUserProperty>? userProperties = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (userProperties is { Count: > 0 }) throw new NotSupportedException("This stand-in sends no user properties with DISCONNECT.");
        return client.DisconnectAsync(
            new MqttClientDisconnectOptions { Reason = reason, ReasonString = reasonString, SessionExpiryInterval = sessionExpiryInterval }, cancellationToken);
    }

    public static Task<MqttClientPublishResult> PublishBinaryAsync(
        this IMqttClient mqttClient, string topic, IEnumerable<byte>? payload = null,
        MqttQualityOfServiceLevel qualityOfServiceLevel = MqttQualityOfServiceLevel.AtMostOnce, bool retain = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(mqttClient);
        ArgumentNullException.ThrowIfNull(topic);
        return mqttClient.PublishAsync(
            new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload as byte[] ?? payload?.ToArray()).WithRetainFlag(retain)
                .WithQualityOfServiceLevel(qualityOfServiceLevel).Build(), cancellationToken);
    }

    public static Task<MqttClientPublishResult> PublishStringAsync(
        this IMqttClient mqttClient, string topic, string? payload = null,
        MqttQualityOfServiceLevel qualityOfServiceLevel = MqttQualityOfServiceLevel.AtMostOnce, bool retain = false, CancellationToken cancellationToken = default) =>
        mqttClient.PublishBinaryAsync(topic, System.Text.Encoding.UTF8.GetBytes(payload ?? ""), qualityOfServiceLevel, retain, cancellationToken);

    public static Task ReconnectAsync(this IMqttClient client, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.ConnectAsync(client.Options ?? throw new InvalidOperationException("The MQTT client was not connected before."), cancellationToken);
    }

    public static Task<MqttClientSubscribeResult> SubscribeAsync(this IMqttClient mqttClient, MqttTopicFilter topicFilter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(mqttClient);
        return mqttClient.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithTopicFilter(topicFilter).Build(), cancellationToken);
    }

    public static Task<MqttClientSubscribeResult> SubscribeAsync(
        this IMqttClient mqttClient, string topic, MqttQualityOfServiceLevel qualityOfServiceLevel = MqttQualityOfServiceLevel.AtMostOnce,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(mqttClient);
        return mqttClient.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithTopicFilter(topic, qualityOfServiceLevel).Build(), cancellationToken);
    }

    /// <returns>False when saying goodbye failed; the connection is closed all the same.</returns>
    public static async Task<bool> TryDisconnectAsync(
        this IMqttClient client, MqttClientDisconnectOptionsReason reason = MqttClientDisconnectOptionsReason.NormalDisconnection, string? reasonString = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        try
        {
            await client.DisconnectAsync(reason, reasonString);
            return true;
        }
        catch (Exception e) when (e is Exceptions.MqttCommunicationException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    public static async Task<bool> TryPingAsync(this IMqttClient client, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        try
        {
            await client.PingAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is Exceptions.MqttCommunicationException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    public static Task<MqttClientUnsubscribeResult> UnsubscribeAsync(this IMqttClient mqttClient, string topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(mqttClient);
        return mqttClient.UnsubscribeAsync(new MqttClientUnsubscribeOptionsBuilder().WithTopicFilter(topic).Build(), cancellationToken);
    }
}
