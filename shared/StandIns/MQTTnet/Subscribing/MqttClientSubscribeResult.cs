using MQTTnet.Packets;

namespace MQTTnet;

public enum MqttClientSubscribeResultCode
{
    GrantedQoS0 = 0,
    GrantedQoS1 = 1,
    GrantedQoS2 = 2,
    UnspecifiedError = 128,
    ImplementationSpecificError = 131,
    NotAuthorized = 135,
    TopicFilterInvalid = 143,
    PacketIdentifierInUse = 145,
    QuotaExceeded = 151,
    SharedSubscriptionsNotSupported = 158,
    SubscriptionIdentifiersNotSupported = 161,
    WildcardSubscriptionsNotSupported = 162,
}

/// <summary>SUBACK: one answer a filter, in the order asked. A refusal is a result, not an exception.</summary>
public sealed class MqttClientSubscribeResult(
    ushort packetIdentifier, IReadOnlyCollection<MqttClientSubscribeResultItem> items, string? reasonString, IReadOnlyCollection<MqttUserProperty> userProperties)
{
    public IReadOnlyCollection<MqttClientSubscribeResultItem> Items { get; } = items;

    public ushort PacketIdentifier { get; } = packetIdentifier;

    public string? ReasonString { get; } = reasonString;

    public IReadOnlyCollection<MqttUserProperty> UserProperties { get; } = userProperties;
}

public sealed class MqttClientSubscribeResultItem(MqttTopicFilter topicFilter, MqttClientSubscribeResultCode resultCode)
{
    public MqttClientSubscribeResultCode ResultCode { get; } = resultCode;

    public MqttTopicFilter TopicFilter { get; } = topicFilter;
}
