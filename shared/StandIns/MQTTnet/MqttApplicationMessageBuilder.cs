using System.Buffers;
using System.Text;
using MQTTnet.Exceptions;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace MQTTnet;

public sealed class MqttApplicationMessageBuilder
{
    private readonly MqttApplicationMessage _message = new();

    /// <exception cref="MqttProtocolViolationException">No topic was given.</exception>
    public MqttApplicationMessage Build() =>
        _message.Topic.Length > 0 || _message.TopicAlias > 0 ? _message : throw new MqttProtocolViolationException("Topic is not set.");

    public MqttApplicationMessageBuilder WithContentType(string? contentType)
    {
        _message.ContentType = contentType;
        return this;
    }

    public MqttApplicationMessageBuilder WithCorrelationData(byte[]? correlationData)
    {
        _message.CorrelationData = correlationData;
        return this;
    }

    public MqttApplicationMessageBuilder WithMessageExpiryInterval(uint messageExpiryInterval)
    {
        _message.MessageExpiryInterval = messageExpiryInterval;
        return this;
    }

    /// <remarks>The array is not copied and must stay as it is until the message is published.</remarks>
    public MqttApplicationMessageBuilder WithPayload(byte[]? payload) => WithPayload(new ReadOnlySequence<byte>(payload ?? []));

    public MqttApplicationMessageBuilder WithPayload(ArraySegment<byte> payloadSegment) => WithPayload(new ReadOnlySequence<byte>(payloadSegment));

    public MqttApplicationMessageBuilder WithPayload(string? payload) => WithPayload(Encoding.UTF8.GetBytes(payload ?? ""));

    public MqttApplicationMessageBuilder WithPayload(ReadOnlySequence<byte> payload)
    {
        _message.Payload = payload;
        return this;
    }

    public MqttApplicationMessageBuilder WithPayloadSegment(ReadOnlyMemory<byte> payloadSegment) => WithPayload(new ReadOnlySequence<byte>(payloadSegment));

    public MqttApplicationMessageBuilder WithPayloadFormatIndicator(MqttPayloadFormatIndicator payloadFormatIndicator)
    {
        _message.PayloadFormatIndicator = payloadFormatIndicator;
        return this;
    }

    public MqttApplicationMessageBuilder WithQualityOfServiceLevel(MqttQualityOfServiceLevel qualityOfServiceLevel)
    {
        _message.QualityOfServiceLevel = qualityOfServiceLevel;
        return this;
    }

    public MqttApplicationMessageBuilder WithResponseTopic(string? responseTopic)
    {
        _message.ResponseTopic = responseTopic;
        return this;
    }

    public MqttApplicationMessageBuilder WithRetainFlag(bool value = true)
    {
        _message.Retain = value;
        return this;
    }

    public MqttApplicationMessageBuilder WithTopic(string topic)
    {
        _message.Topic = topic;
        return this;
    }

    public MqttApplicationMessageBuilder WithTopicAlias(ushort topicAlias)
    {
        _message.TopicAlias = topicAlias;
        return this;
    }

    public MqttApplicationMessageBuilder WithUserProperty(string name, ReadOnlyMemory<byte> value)
    {
        (_message.UserProperties ??= []).Add(new MqttUserProperty(name, value));
        return this;
    }
}
