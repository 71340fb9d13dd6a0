using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace CvOps.Agent.Link;

/// <summary>What a broker's reason code means for the message: taken, again later, or never.</summary>
internal static class PublishDecision
{
    /// <summary>PUBACK.</summary>
    public static PublishOutcome Of(MqttClientPublishReasonCode code, string? text) => code switch
    {
        MqttClientPublishReasonCode.Success or MqttClientPublishReasonCode.NoMatchingSubscribers => PublishOutcome.Acknowledged,
        MqttClientPublishReasonCode.NotAuthorized or MqttClientPublishReasonCode.TopicNameInvalid or MqttClientPublishReasonCode.PayloadFormatInvalid =>
            new(PublishVerdict.Refused, BrokerAnswer.Of(code, text)),
        _ => new(PublishVerdict.Unknown, BrokerAnswer.Of(code, text)),
    };

    /// <summary>DISCONNECT while the message was on its way.</summary>
    public static PublishOutcome Of(MqttDisconnectReasonCode? code, string text) => code switch
    {
        MqttDisconnectReasonCode.PacketTooLarge or MqttDisconnectReasonCode.MalformedPacket or MqttDisconnectReasonCode.ProtocolError
            or MqttDisconnectReasonCode.TopicNameInvalid or MqttDisconnectReasonCode.PayloadFormatInvalid or MqttDisconnectReasonCode.NotAuthorized =>
            new(PublishVerdict.Suspect, text),
        _ => new(PublishVerdict.Unknown, text),
    };

    /// <summary>A publish that failed.</summary>
    /// <returns>Null for what is neither the network's nor the broker's doing.</returns>
    public static PublishOutcome? Of(Exception failure) => failure switch
    {
        MqttProtocolViolationException => new PublishOutcome(PublishVerdict.Refused, failure.Message),
        MqttClientUnexpectedDisconnectReceivedException goodbye => Of(goodbye.ReasonCode, goodbye.Message),
        MqttCommunicationException or ObjectDisposedException => new PublishOutcome(PublishVerdict.Unknown, failure.Message),
        _ => null,
    };
}
