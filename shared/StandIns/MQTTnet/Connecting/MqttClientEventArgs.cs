using MQTTnet.Packets;

namespace MQTTnet;

public sealed class MqttClientConnectedEventArgs(MqttClientConnectResult connectResult) : EventArgs
{
    public MqttClientConnectResult ConnectResult { get; } = connectResult;
}

/// <summary>Raised after every end of a connection and after every failed attempt.</summary>
public sealed class MqttClientDisconnectedEventArgs(
    bool clientWasConnected, MqttClientConnectResult? connectResult, MqttClientDisconnectReason reason, string? reasonString,
    List<MqttUserProperty>? userProperties, Exception? exception) : EventArgs
{
    public bool ClientWasConnected { get; } = clientWasConnected;

    public MqttClientConnectResult? ConnectResult { get; } = connectResult;

    public Exception? Exception { get; } = exception;

    public MqttClientDisconnectReason Reason { get; } = reason;

    public string? ReasonString { get; } = reasonString;

    public List<MqttUserProperty>? UserProperties { get; } = userProperties;
}
