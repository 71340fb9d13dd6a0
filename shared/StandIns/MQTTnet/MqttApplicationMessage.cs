using System.Buffers;
using System.Text;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Wire;

namespace MQTTnet;

/// <summary>One message. The payload of a received one is its own array and may be kept.</summary>
public sealed class MqttApplicationMessage
{
    private List<MqttUserProperty>? _userProperties;

    public string? ContentType { get; set; }

    public byte[]? CorrelationData { get; set; }

    /// <summary>Of a received message: the server may have sent it before.</summary>
    public bool Dup { get; set; }

    /// <summary>Seconds; 0: never.</summary>
    public uint MessageExpiryInterval { get; set; }

    public ReadOnlySequence<byte> Payload { get; set; } = ReadOnlySequence<byte>.Empty;

    public MqttPayloadFormatIndicator PayloadFormatIndicator { get; set; }

    public MqttQualityOfServiceLevel QualityOfServiceLevel { get; set; }

    public string? ResponseTopic { get; set; }

    /// <summary>Of a received message: it was retained, not just published.</summary>
    public bool Retain { get; set; }

    /// <summary>Of a received message: of the subscriptions it came for, where they have one.</summary>
    public List<uint>? SubscriptionIdentifiers { get; set; }

    /// <summary>May be empty where <see cref="TopicAlias"/> was published with this topic on the same connection.</summary>
    public string Topic { get; set; } = "";

    /// <summary>Stands for the topic on this connection, from 1 to the server's maximum; 0: none.</summary>
    public ushort TopicAlias { get; set; }

    /// <summary>Those of a received message are taken apart when they are first asked for.</summary>
    public List<MqttUserProperty>? UserProperties
    {
        get => _userProperties ??= PackedProperties.IsEmpty ? null : PacketProperties.UserIn(PackedProperties);
        set => (_userProperties, PackedProperties) = (value, default);
    }

    /// <summary>A received packet from where its properties begin; empty without user properties.</summary>
    internal ReadOnlyMemory<byte> PackedProperties { get; set; }
}

public static class MqttApplicationMessageExtensions
{
    /// <returns>The payload as UTF-8 text; null when it is empty.</returns>
    public static string? ConvertPayloadToString(this MqttApplicationMessage applicationMessage)
    {
        ArgumentNullException.ThrowIfNull(applicationMessage);
        return applicationMessage.Payload.IsEmpty ? null : Encoding.UTF8.GetString(applicationMessage.Payload);
    }
}
