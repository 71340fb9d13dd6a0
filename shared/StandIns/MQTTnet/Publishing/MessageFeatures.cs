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
        if (message.PayloadFormatIndicator != MqttPayloadFormatIndicator.Unspecified) Throw(nameof(message.PayloadFormatIndicator));
    }

    private static void Throw(string feature) => throw new NotSupportedException($"Feature {feature} requires MQTT version 5.0.0.");
}
