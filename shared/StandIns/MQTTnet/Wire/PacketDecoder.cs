using System.Buffers;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace MQTTnet.Wire;

/// <summary>PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK or UNSUBACK. 3.1.1 leaves most of it out.</summary>
/// <param name="Code">Of the first four.</param>
/// <param name="Codes">Of SUBACK and UNSUBACK.</param>
internal readonly record struct Acknowledgement(ushort PacketIdentifier, byte Code, byte[] Codes, string? ReasonString, List<MqttUserProperty>? UserProperties);

/// <summary>The server's packets. Everything returned owns its memory.</summary>
/// <param name="topicAliasMaximum">Topic aliases we allowed the server.</param>
internal sealed class PacketDecoder(MqttProtocolVersion version, ushort topicAliasMaximum = 0)
{
    private readonly string?[] _aliases = new string?[topicAliasMaximum];
    private readonly bool _five = version == MqttProtocolVersion.V500;

    public MqttClientConnectResult ConnAck(ReadOnlySpan<byte> body)
    {
        var reader = new PacketReader(body);
        var present = (reader.Byte() & 1) != 0;
        var code = reader.Byte();
        var properties = _five && !reader.AtEnd ? PacketProperties.Read(ref reader) : PacketProperties.None;
        return new MqttClientConnectResult
        {
            IsSessionPresent = present,
            // A server of before MQTT 5 refuses it with a code of 3.1.1 (MQTT 5, section 3.1.2.2).
            ResultCode = _five && code is 0 or >= 0x80 ? (MqttClientConnectResultCode)code : FromReturnCode(code),
            AssignedClientIdentifier = properties.AssignedClientId,
            MaximumPacketSize = properties.MaximumPacketSize,
            MaximumQoS = (MqttQualityOfServiceLevel)(properties.MaximumQoS ?? 2),
            ReasonString = properties.ReasonString,
            ReceiveMaximum = properties.ReceiveMaximum,
            RetainAvailable = properties.RetainAvailable,
            ServerKeepAlive = properties.ServerKeepAlive ?? 0,
            ServerReference = properties.ServerReference,
            SessionExpiryInterval = properties.SessionExpiry,
            TopicAliasMaximum = properties.TopicAliasMaximum,
            SharedSubscriptionAvailable = _five && properties.SharedAvailable,
            SubscriptionIdentifiersAvailable = _five && properties.SubscriptionIdsAvailable,
            WildcardSubscriptionAvailable = properties.WildcardsAvailable,
            UserProperties = properties.User,
        };
    }

    /// <returns>The message and its packet identifier, 0 for QoS 0.</returns>
    public (MqttApplicationMessage Message, ushort PacketIdentifier) Publish(byte first, ReadOnlySpan<byte> body)
    {
        var reader = new PacketReader(body);
        var quality = (MqttQualityOfServiceLevel)((first >> 1) & 3);
        if (quality > MqttQualityOfServiceLevel.ExactlyOnce) throw MalformedPacketException.Because("A message has QoS 3.");
        if (quality == MqttQualityOfServiceLevel.AtMostOnce && (first & 8) != 0) throw MalformedPacketException.Because("A message of QoS 0 is marked as a repetition.");
        var topic = reader.String();
        if (topic.AsSpan().ContainsAny('#', '+')) throw MalformedPacketException.Because($"'{topic}' is no topic to publish on.");
        var identifier = quality == MqttQualityOfServiceLevel.AtMostOnce ? (ushort)0 : reader.UInt16();
        if (quality > MqttQualityOfServiceLevel.AtMostOnce && identifier == 0) throw MalformedPacketException.Because("The packet identifier is 0.");
        var behind = body[^reader.Left..];
        var properties = _five ? PacketProperties.Read(ref reader, packed: true) : PacketProperties.None;
        topic = Resolve(topic, properties.TopicAlias);
        // One array for the payload and the properties before it, where those are wanted later.
        ReadOnlyMemory<byte> kept = properties.HasUser ? behind.ToArray() : reader.Rest().ToArray();
        var message = new MqttApplicationMessage
        {
            Topic = topic,
            TopicAlias = properties.TopicAlias ?? 0,
            SubscriptionIdentifiers = properties.SubscriptionIds,
            Payload = new ReadOnlySequence<byte>(properties.HasUser ? kept[^reader.Left..] : kept),
            QualityOfServiceLevel = quality,
            Retain = (first & 1) != 0,
            Dup = (first & 8) != 0,
            ContentType = properties.ContentType,
            CorrelationData = properties.CorrelationData,
            ResponseTopic = properties.ResponseTopic,
            MessageExpiryInterval = properties.MessageExpiry ?? 0,
            PayloadFormatIndicator = (MqttPayloadFormatIndicator)(properties.PayloadFormat ?? 0),
            PackedProperties = properties.HasUser ? kept : default,
        };
        return (message, identifier);
    }

    /// <summary>PUBACK and QoS 2's three: one code, left out when it is success and nothing follows.</summary>
    public Acknowledgement Answer(ReadOnlySpan<byte> body)
    {
        var reader = new PacketReader(body);
        var identifier = reader.UInt16();
        var code = _five && !reader.AtEnd ? reader.Byte() : (byte)0;
        var properties = _five && !reader.AtEnd ? PacketProperties.Read(ref reader) : PacketProperties.None;
        return new Acknowledgement(identifier, code, [], properties.ReasonString, properties.User);
    }

    /// <summary>SUBACK and UNSUBACK: one code a filter; UNSUBACK of 3.1.1 has none.</summary>
    public Acknowledgement FilterAck(ReadOnlySpan<byte> body)
    {
        var reader = new PacketReader(body);
        var identifier = reader.UInt16();
        var properties = _five ? PacketProperties.Read(ref reader) : PacketProperties.None;
        return new Acknowledgement(identifier, 0, reader.Rest().ToArray(), properties.ReasonString, properties.User);
    }

    public (MqttDisconnectReasonCode Reason, string? Text) Disconnect(ReadOnlySpan<byte> body)
    {
        if (!_five) throw new MalformedPacketException(MqttClientDisconnectOptionsReason.ProtocolError, "A server of MQTT 3.1.1 sends no DISCONNECT.");
        var reader = new PacketReader(body);
        var reason = reader.AtEnd ? MqttDisconnectReasonCode.NormalDisconnection : (MqttDisconnectReasonCode)reader.Byte();
        var properties = reader.AtEnd ? PacketProperties.None : PacketProperties.Read(ref reader);
        return (reason, properties.ReasonString);
    }

    /// <summary>MQTT 5, section 3.3.2.3.4.</summary>
    private string Resolve(string topic, ushort? alias)
    {
        if (alias is not { } number) return topic.Length > 0 ? topic : throw MalformedPacketException.Because("A message has neither a topic nor an alias.");
        if (number == 0 || number > _aliases.Length)
            throw new MalformedPacketException(MqttClientDisconnectOptionsReason.TopicAliasInvalid, $"A message has topic alias {number}, where {_aliases.Length} are allowed.");
        if (topic.Length > 0) return _aliases[number - 1] = topic;
        return _aliases[number - 1] ?? throw new MalformedPacketException(MqttClientDisconnectOptionsReason.ProtocolError, $"Nobody said what topic alias {number} stands for.");
    }

    private static MqttClientConnectResultCode FromReturnCode(byte code) => code switch
    {
        0 => MqttClientConnectResultCode.Success,
        1 => MqttClientConnectResultCode.UnsupportedProtocolVersion,
        2 => MqttClientConnectResultCode.ClientIdentifierNotValid,
        3 => MqttClientConnectResultCode.ServerUnavailable,
        4 => MqttClientConnectResultCode.BadUserNameOrPassword,
        5 => MqttClientConnectResultCode.NotAuthorized,
        _ => MqttClientConnectResultCode.UnspecifiedError,
    };
}
