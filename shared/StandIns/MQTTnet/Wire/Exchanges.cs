using MQTTnet.Protocol;

namespace MQTTnet.Wire;

/// <summary>What the connection does about an answer to something it sent.</summary>
internal enum ExchangeStep
{
    /// <summary>An answer to what nobody waits for any more.</summary>
    Ignore,

    /// <summary>The exchange is over, with the answer's code.</summary>
    Finish,

    /// <summary>QoS 2: the server has the message; say PUBREL.</summary>
    Release,

    /// <summary>QoS 2: PUBREC for a message we do not know; PUBREL says so, and the server forgets it.</summary>
    Disown,

    /// <summary>The answer does not fit what was asked.</summary>
    Violation,
}

/// <summary>The order of QoS 1 and 2 (MQTT 5, section 4.3) from the sender's side.</summary>
internal static class ExchangeRule
{
    /// <summary>PUBREL for a message of an earlier connection, so that its identifier is free at the server too.</summary>
    public static object Leftover { get; } = new();

    /// <param name="waiting">Who waits under the answer's identifier; null for nobody.</param>
    /// <param name="type">PUBACK, PUBREC, PUBCOMP, SUBACK or UNSUBACK.</param>
    public static ExchangeStep Of(object? waiting, byte type, byte code) => (waiting, type) switch
    {
        (null, PacketType.PubRec)                                                                     => ExchangeStep.Disown,
        (null, _)                                                                                     => ExchangeStep.Ignore,
        (Publication { Quality: MqttQualityOfServiceLevel.AtLeastOnce }, PacketType.PubAck)           => ExchangeStep.Finish,
        (Publication { Quality: MqttQualityOfServiceLevel.ExactlyOnce }, PacketType.PubRec)           => code >= 0x80 ? ExchangeStep.Finish : ExchangeStep.Release,
        (Publication { Quality: MqttQualityOfServiceLevel.ExactlyOnce, Released: true }, PacketType.PubComp) => ExchangeStep.Finish,
        (Publication, _)                                                                              => ExchangeStep.Violation,
        (TaskCompletionSource<Acknowledgement>, PacketType.SubAck or PacketType.UnsubAck)             => ExchangeStep.Finish,
        (TaskCompletionSource<Acknowledgement>, _)                                                    => ExchangeStep.Violation,
        (_, PacketType.PubComp)                                                                       => ExchangeStep.Finish,
        _                                                                                             => ExchangeStep.Ignore,
    };
}
