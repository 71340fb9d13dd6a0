using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace MQTTnet;

/// <summary>CONNACK. A refusal is a result, not an exception: look at <see cref="ResultCode"/>.</summary>
public sealed class MqttClientConnectResult
{
    public string? AssignedClientIdentifier { get; init; }

    public bool IsSessionPresent { get; init; }

    /// <summary>Largest packet the server takes, in bytes; null when it names no limit.</summary>
    public uint? MaximumPacketSize { get; init; }

    public MqttQualityOfServiceLevel MaximumQoS { get; init; }

    public string? ReasonString { get; init; }

    /// <summary>Most QoS 1 messages the server lets be in flight; null when it names no limit.</summary>
    public ushort? ReceiveMaximum { get; init; }

    public MqttClientConnectResultCode ResultCode { get; init; }

    public bool RetainAvailable { get; init; }

    /// <summary>Seconds; 0 when the client's own value stands.</summary>
    public ushort ServerKeepAlive { get; init; }

    public string? ServerReference { get; init; }

    public uint? SessionExpiryInterval { get; init; }

    public bool SharedSubscriptionAvailable { get; init; }

    public bool SubscriptionIdentifiersAvailable { get; init; }

    /// <summary>Topic aliases the server lets us use; 0: none.</summary>
    public ushort TopicAliasMaximum { get; init; }

    public bool WildcardSubscriptionAvailable { get; init; }

    public List<MqttUserProperty>? UserProperties { get; init; }
}
