using MQTTnet.Packets;

namespace MQTTnet;

public sealed class MqttClientUnsubscribeOptions
{
    public List<string> TopicFilters { get; set; } = [];
}

public sealed class MqttClientUnsubscribeOptionsBuilder
{
    private readonly MqttClientUnsubscribeOptions _options = new();

    public MqttClientUnsubscribeOptions Build() => _options;

    public MqttClientUnsubscribeOptionsBuilder WithTopicFilter(string topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        _options.TopicFilters.Add(topic);
        return this;
    }
}

public enum MqttClientUnsubscribeResultCode
{
    Success = 0,
    NoSubscriptionExisted = 17,
    UnspecifiedError = 128,
    ImplementationSpecificError = 131,
    NotAuthorized = 135,
    TopicFilterInvalid = 143,
    PacketIdentifierInUse = 145,
}

/// <summary>UNSUBACK; 3.1.1 has no codes, so there every item is a success.</summary>
public sealed class MqttClientUnsubscribeResult(
    ushort packetIdentifier, IReadOnlyCollection<MqttClientUnsubscribeResultItem> items, string? reasonString, IReadOnlyCollection<MqttUserProperty> userProperties)
{
    public IReadOnlyCollection<MqttClientUnsubscribeResultItem> Items { get; } = items;

    public ushort PacketIdentifier { get; } = packetIdentifier;

    public string? ReasonString { get; } = reasonString;

    public IReadOnlyCollection<MqttUserProperty> UserProperties { get; } = userProperties;
}

public sealed class MqttClientUnsubscribeResultItem(string topicFilter, MqttClientUnsubscribeResultCode resultCode)
{
    public MqttClientUnsubscribeResultCode ResultCode { get; } = resultCode;

    public string TopicFilter { get; } = topicFilter;
}
