using MQTTnet.Exceptions;

namespace MQTTnet.Wire;

/// <summary>What the server sent can't be read, or is not allowed here; the connection ends with <see cref="Reason"/>.</summary>
internal sealed class MalformedPacketException(MqttClientDisconnectOptionsReason reason, string message) : MqttProtocolViolationException(message)
{
    public MqttClientDisconnectOptionsReason Reason { get; } = reason;

    public static MalformedPacketException Because(string message) => new(MqttClientDisconnectOptionsReason.MalformedPacket, message);
}
