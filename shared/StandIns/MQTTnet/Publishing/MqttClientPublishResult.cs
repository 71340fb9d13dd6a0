using MQTTnet.Packets;

namespace MQTTnet;

/// <summary>A server's answer to PUBLISH; MQTT 5, table 3-4.</summary>
public enum MqttClientPublishReasonCode
{
    Success = 0,
    NoMatchingSubscribers = 16,
    UnspecifiedError = 128,
    ImplementationSpecificError = 131,
    NotAuthorized = 135,
    TopicNameInvalid = 144,
    PacketIdentifierInUse = 145,
    QuotaExceeded = 151,
    PayloadFormatInvalid = 153,
}

/// <summary>PUBACK; for QoS 0 a success once the message is handed to the network.</summary>
public sealed class MqttClientPublishResult(
    ushort? packetIdentifier, MqttClientPublishReasonCode reasonCode, string? reasonString, IReadOnlyCollection<MqttUserProperty> userProperties)
{
    public bool IsSuccess => ReasonCode is MqttClientPublishReasonCode.Success or MqttClientPublishReasonCode.NoMatchingSubscribers;

    public ushort? PacketIdentifier { get; } = packetIdentifier;

    public MqttClientPublishReasonCode ReasonCode { get; } = reasonCode;

    public string? ReasonString { get; } = reasonString;

    public IReadOnlyCollection<MqttUserProperty> UserProperties { get; } = userProperties;
}
