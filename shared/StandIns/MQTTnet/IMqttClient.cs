namespace MQTTnet;

/// <summary>
/// One connection to an MQTT server at a time. It never reconnects by itself, and what was not acknowledged when a connection ends fails:
/// to send again is the caller's decision. Without a cancellable token the options' timeout holds.
/// </summary>
public interface IMqttClient : IDisposable
{
    /// <summary>One message after the other; the next waits until the handlers returned.</summary>
    event Func<MqttApplicationMessageReceivedEventArgs, Task>? ApplicationMessageReceivedAsync;

    event Func<MqttClientConnectedEventArgs, Task>? ConnectedAsync;

    event Func<MqttClientDisconnectedEventArgs, Task>? DisconnectedAsync;

    bool IsConnected { get; }

    /// <summary>Of the last <see cref="ConnectAsync"/>; null before the first.</summary>
    MqttClientOptions? Options { get; }

    /// <exception cref="Exceptions.MqttCommunicationException">No network connection, no TLS, or no answer; <see cref="Adapter.MqttConnectingFailedException"/> when it failed after the network stood.</exception>
    Task<MqttClientConnectResult> ConnectAsync(MqttClientOptions options, CancellationToken cancellationToken = default);

    Task DisconnectAsync(MqttClientDisconnectOptions options, CancellationToken cancellationToken = default);

    Task PingAsync(CancellationToken cancellationToken = default);

    /// <summary>Messages go out in the order of the calls. QoS 1 waits for PUBACK, and for room in the server's receive maximum.</summary>
    /// <exception cref="Exceptions.MqttCommunicationException">Not connected, or no longer: the server may or may not have it.</exception>
    /// <exception cref="Exceptions.MqttProtocolViolationException">The topic holds a wildcard, or the packet is larger than the server takes.</exception>
    Task<MqttClientPublishResult> PublishAsync(MqttApplicationMessage applicationMessage, CancellationToken cancellationToken = default);

    Task<MqttClientSubscribeResult> SubscribeAsync(MqttClientSubscribeOptions options, CancellationToken cancellationToken = default);

    Task<MqttClientUnsubscribeResult> UnsubscribeAsync(MqttClientUnsubscribeOptions options, CancellationToken cancellationToken = default);
}
