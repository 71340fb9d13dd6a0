using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace MQTTnet.Wire;

/// <summary>Our packets as bytes, one behind the other. What is returned is good until the next call. Not safe for several threads.</summary>
internal sealed class PacketEncoder(MqttProtocolVersion version)
{
    private const int PublishOverhead = 64; // topic and properties, about
    private readonly PacketWriter _writer = new();
    private readonly bool _five = version == MqttProtocolVersion.V500;

    /// <summary>All packets since the last <see cref="CutTo"/> with 0.</summary>
    public ReadOnlyMemory<byte> Written => _writer.Written;

    /// <summary>Forgets what stands behind this length, a packet that could not be finished included.</summary>
    public void CutTo(int length) => _writer.CutTo(length);

    public ReadOnlyMemory<byte> Connect(MqttClientOptions options)
    {
        var user = options.Credentials?.GetUserName(options);
        var password = options.Credentials?.GetPassword(options);
        var flags = (options.CleanSession ? 0x02 : 0)
            | (options.WillTopic is null ? 0 : 0x04 | ((int)options.WillQualityOfServiceLevel << 3) | (options.WillRetain ? 0x20 : 0))
            | (password is null ? 0 : 0x40) | (user is null ? 0 : 0x80);
        _writer.Begin();
        _writer.String("MQTT");
        _writer.Byte((byte)version);
        _writer.Byte((byte)flags);
        _writer.UInt16((ushort)Math.Clamp(Math.Ceiling(options.KeepAlivePeriod.TotalSeconds), 0, ushort.MaxValue));
        if (_five) ConnectProperties(options);
        _writer.String(options.ClientId);
        if (options.WillTopic is { } topic)
        {
            if (_five) WillProperties(options);
            _writer.String(topic);
            _writer.Binary(options.WillPayload);
        }
        if (user is not null) _writer.String(user);
        if (password is not null) _writer.Binary(password);
        return _writer.Finish(PacketType.Connect);
    }

    /// <param name="packetIdentifier">0 for QoS 0.</param>
    public ReadOnlyMemory<byte> Publish(MqttApplicationMessage message, ushort packetIdentifier)
    {
        _writer.Begin(checked((int)message.Payload.Length + PublishOverhead));
        _writer.String(message.Topic);
        if (packetIdentifier > 0) _writer.UInt16(packetIdentifier);
        if (_five) PublishProperties(message);
        _writer.Raw(message.Payload);
        return _writer.Finish((byte)(PacketType.Publish | ((int)message.QualityOfServiceLevel << 1) | (message.Retain ? 1 : 0)));
    }

    /// <param name="type">PUBACK, PUBREC, PUBREL or PUBCOMP.</param>
    public ReadOnlyMemory<byte> Answer(byte type, ushort packetIdentifier, MqttApplicationMessageReceivedReasonCode reason)
    {
        _writer.Begin();
        _writer.UInt16(packetIdentifier);
        if (_five && reason != MqttApplicationMessageReceivedReasonCode.Success) _writer.Byte((byte)reason);
        return _writer.Finish(type);
    }

    /// <param name="subscriptionIdentifier">Comes back with each message of these subscriptions; 0: none.</param>
    public ReadOnlyMemory<byte> Subscribe(ushort packetIdentifier, List<MqttTopicFilter> filters, uint subscriptionIdentifier)
    {
        _writer.Begin();
        _writer.UInt16(packetIdentifier);
        if (_five)
        {
            var properties = _writer.BeginProperties();
            if (subscriptionIdentifier > 0)
            {
                _writer.Byte((byte)PropertyId.SubscriptionIdentifier);
                _writer.Variable((int)subscriptionIdentifier);
            }
            _writer.EndProperties(properties);
        }
        foreach (var filter in filters)
        {
            _writer.String(filter.Topic);
            var options = (int)filter.QualityOfServiceLevel;
            if (_five) options |= (filter.NoLocal ? 0x04 : 0) | (filter.RetainAsPublished ? 0x08 : 0) | ((int)filter.RetainHandling << 4);
            _writer.Byte((byte)options);
        }
        return _writer.Finish(PacketType.Subscribe);
    }

    public ReadOnlyMemory<byte> Unsubscribe(ushort packetIdentifier, List<string> filters)
    {
        _writer.Begin();
        _writer.UInt16(packetIdentifier);
        if (_five) _writer.Variable(0);
        foreach (var filter in filters) _writer.String(filter);
        return _writer.Finish(PacketType.Unsubscribe);
    }

    public ReadOnlyMemory<byte> PingReq()
    {
        _writer.Begin();
        return _writer.Finish(PacketType.PingReq);
    }

    public ReadOnlyMemory<byte> Disconnect(MqttClientDisconnectOptions options)
    {
        _writer.Begin();
        if (_five)
        {
            _writer.Byte((byte)options.Reason);
            var properties = _writer.BeginProperties();
            if (options.SessionExpiryInterval > 0) _writer.Property(PropertyId.SessionExpiryInterval, options.SessionExpiryInterval);
            _writer.Property(PropertyId.ReasonString, options.ReasonString);
            _writer.EndProperties(properties);
        }
        else if (options.Reason == MqttClientDisconnectOptionsReason.DisconnectWithWillMessage)
        {
            throw new MqttProtocolViolationException("MQTT 3.1.1 has no DISCONNECT that leaves the will.");
        }
        return _writer.Finish(PacketType.Disconnect);
    }

    private void ConnectProperties(MqttClientOptions options)
    {
        var properties = _writer.BeginProperties();
        if (options.SessionExpiryInterval > 0) _writer.Property(PropertyId.SessionExpiryInterval, options.SessionExpiryInterval);
        if (options.ReceiveMaximum > 0) _writer.Property(PropertyId.ReceiveMaximum, options.ReceiveMaximum);
        if (options.MaximumPacketSize > 0) _writer.Property(PropertyId.MaximumPacketSize, options.MaximumPacketSize);
        if (options.TopicAliasMaximum > 0) _writer.Property(PropertyId.TopicAliasMaximum, options.TopicAliasMaximum);
        if (!options.RequestProblemInformation)
        {
            _writer.Byte((byte)PropertyId.RequestProblemInformation);
            _writer.Byte(0);
        }
        _writer.Properties(options.UserProperties);
        _writer.EndProperties(properties);
    }

    private void WillProperties(MqttClientOptions options)
    {
        var properties = _writer.BeginProperties();
        if (options.WillDelayInterval > 0) _writer.Property(PropertyId.WillDelayInterval, options.WillDelayInterval);
        if (options.WillMessageExpiryInterval > 0) _writer.Property(PropertyId.MessageExpiryInterval, options.WillMessageExpiryInterval);
        Text(options.WillPayloadFormatIndicator, options.WillContentType, options.WillResponseTopic, options.WillCorrelationData);
        _writer.Properties(options.WillUserProperties);
        _writer.EndProperties(properties);
    }

    private void PublishProperties(MqttApplicationMessage message)
    {
        var properties = _writer.BeginProperties();
        if (message.TopicAlias > 0) _writer.Property(PropertyId.TopicAlias, message.TopicAlias);
        if (message.MessageExpiryInterval > 0) _writer.Property(PropertyId.MessageExpiryInterval, message.MessageExpiryInterval);
        Text(message.PayloadFormatIndicator, message.ContentType, message.ResponseTopic, message.CorrelationData);
        _writer.Properties(message.UserProperties);
        _writer.EndProperties(properties);
    }

    private void Text(MqttPayloadFormatIndicator format, string? type, string? responseTopic, byte[]? correlation)
    {
        if (format == MqttPayloadFormatIndicator.CharacterData)
        {
            _writer.Byte((byte)PropertyId.PayloadFormatIndicator);
            _writer.Byte(1);
        }
        _writer.Property(PropertyId.ContentType, type);
        _writer.Property(PropertyId.ResponseTopic, responseTopic);
        if (correlation is null) return;
        _writer.Byte((byte)PropertyId.CorrelationData);
        _writer.Binary(correlation);
    }
}
