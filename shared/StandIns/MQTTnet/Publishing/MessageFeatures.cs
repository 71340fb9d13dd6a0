using MQTTnet.Protocol;

namespace MQTTnet;

/// <summary>What a message may hold in the protocol's older version.</summary>
internal static class MessageFeatures
{
    /// <exception cref="NotSupportedException">It holds something that MQTT 3.1.1 can't carry.</exception>
    public static void ThrowUnlessOfThree(MqttApplicationMessage message)
    {
        // An expiry interval is left out in silence, as the original does.
        if (message.ContentType is { Length: > 0 }) Throw(nameof(message.ContentType));
        if (message.UserProperties is { Count: > 0 }) Throw(nameof(message.UserProperties));
        if (message.CorrelationData is { Length: > 0 }) Throw(nameof(message.CorrelationData));
        if (message.ResponseTopic is { Length: > 0 }) Throw(nameof(message.ResponseTopic));
        if (message.TopicAlias > 0) Throw(nameof(message.TopicAlias));
        if (message.PayloadFormatIndicator != MqttPayloadFormatIndicator.Unspecified) Throw(nameof(message.PayloadFormatIndicator));
    }

    /// <summary>What the server said in CONNACK that it does not take would end the connection.</summary>
    /// <exception cref="Exceptions.MqttProtocolViolationException">The server does not take it.</exception>
    public static void ThrowUnlessTaken(MqttApplicationMessage message, MqttClientConnectResult server)
    {
        if (message.QualityOfServiceLevel > server.MaximumQoS)
            throw new Exceptions.MqttProtocolViolationException($"The server takes messages up to QoS {(int)server.MaximumQoS}; this one has QoS {(int)message.QualityOfServiceLevel}.");
        if (message.Retain && !server.RetainAvailable) throw new Exceptions.MqttProtocolViolationException("The server keeps no retained messages; publish this one without the flag.");
        if (message.TopicAlias > server.TopicAliasMaximum)
            throw new Exceptions.MqttProtocolViolationException($"The server allows topic aliases up to {server.TopicAliasMaximum}; this message has {message.TopicAlias}.");
    }

    private static void Throw(string feature) => throw new NotSupportedException($"Feature {feature} requires MQTT version 5.0.0.");
}
