using System.Text;
using MQTTnet.Packets;

namespace MQTTnet.Wire;

/// <summary>The properties of a received packet; null where the server sent none.</summary>
internal sealed class PacketProperties
{
    private ulong _seen;
    private bool _packed;

    public static PacketProperties None { get; } = new();

    public byte? PayloadFormat { get; private set; }

    public uint? MessageExpiry { get; private set; }

    public string? ContentType { get; private set; }

    public string? ResponseTopic { get; private set; }

    public byte[]? CorrelationData { get; private set; }

    public uint? SessionExpiry { get; private set; }

    public string? AssignedClientId { get; private set; }

    public ushort? ServerKeepAlive { get; private set; }

    public string? ServerReference { get; private set; }

    public string? ReasonString { get; private set; }

    public ushort? ReceiveMaximum { get; private set; }

    public byte? MaximumQoS { get; private set; }

    public uint? MaximumPacketSize { get; private set; }

    public ushort? TopicAlias { get; private set; }

    public ushort TopicAliasMaximum { get; private set; }

    public List<uint>? SubscriptionIds { get; private set; }

    public bool RetainAvailable { get; private set; } = true;

    public bool WildcardsAvailable { get; private set; } = true;

    public bool SubscriptionIdsAvailable { get; private set; } = true;

    public bool SharedAvailable { get; private set; } = true;

    public List<MqttUserProperty>? User { get; private set; }

    /// <summary>Whether there are user properties, taken apart or not.</summary>
    public bool HasUser { get; private set; }

    /// <param name="packed">User properties are looked through and left for <see cref="UserIn"/>: most are never looked at.</param>
    public static PacketProperties Read(ref PacketReader packet, bool packed = false)
    {
        var reader = packet.Part(packet.Variable());
        if (reader.AtEnd) return None;
        var found = new PacketProperties { _packed = packed };
        while (!reader.AtEnd) found.ReadOne(ref reader);
        return found;
    }

    /// <param name="properties">A packet from where its properties begin, which were read before without a fault.</param>
    public static List<MqttUserProperty>? UserIn(ReadOnlyMemory<byte> properties)
    {
        var reader = new PacketReader(properties.Span);
        return Read(ref reader).User;
    }

    private void ReadOne(ref PacketReader reader)
    {
        var id = (PropertyId)reader.Byte();
        if (id is not (PropertyId.UserProperty or PropertyId.SubscriptionIdentifier) && (_seen & (1UL << (int)id)) != 0)
            throw new MalformedPacketException(MqttClientDisconnectOptionsReason.ProtocolError, $"Property {id} comes twice.");
        _seen |= 1UL << (int)id;
        switch (id)
        {
            case PropertyId.PayloadFormatIndicator: PayloadFormat = reader.Flag() ? (byte)1 : (byte)0; break;
            case PropertyId.MessageExpiryInterval: MessageExpiry = reader.UInt32(); break;
            case PropertyId.ContentType: ContentType = reader.String(); break;
            case PropertyId.ResponseTopic: ResponseTopic = reader.String(); break;
            case PropertyId.CorrelationData: CorrelationData = reader.Binary(); break;
            case PropertyId.SubscriptionIdentifier: (SubscriptionIds ??= []).Add((uint)reader.Variable()); break;
            case PropertyId.SessionExpiryInterval: SessionExpiry = reader.UInt32(); break;
            case PropertyId.AssignedClientIdentifier: AssignedClientId = reader.String(); break;
            case PropertyId.ServerKeepAlive: ServerKeepAlive = reader.UInt16(); break;
            case PropertyId.AuthenticationMethod: reader.String(); break;
            case PropertyId.AuthenticationData: reader.Binary(); break;
            case PropertyId.ResponseInformation: reader.String(); break;
            case PropertyId.ServerReference: ServerReference = reader.String(); break;
            case PropertyId.ReasonString: ReasonString = reader.String(); break;
            case PropertyId.ReceiveMaximum: ReceiveMaximum = reader.UInt16() is > 0 and var maximum ? maximum : throw MalformedPacketException.Because("The receive maximum is 0."); break;
            case PropertyId.TopicAliasMaximum: TopicAliasMaximum = reader.UInt16(); break;
            case PropertyId.TopicAlias: TopicAlias = reader.UInt16(); break;
            case PropertyId.MaximumQoS: MaximumQoS = reader.Flag() ? (byte)1 : (byte)0; break;
            case PropertyId.RetainAvailable: RetainAvailable = reader.Flag(); break;
            case PropertyId.UserProperty: ReadUser(ref reader); break;
            case PropertyId.MaximumPacketSize: MaximumPacketSize = reader.UInt32() is > 0 and var most ? most : throw MalformedPacketException.Because("The maximum packet size is 0."); break;
            case PropertyId.WildcardSubscriptionAvailable: WildcardsAvailable = reader.Flag(); break;
            case PropertyId.SubscriptionIdentifierAvailable: SubscriptionIdsAvailable = reader.Flag(); break;
            case PropertyId.SharedSubscriptionAvailable: SharedAvailable = reader.Flag(); break;
            default: throw MalformedPacketException.Because($"A property {(byte)id} is not expected here.");
        }
    }

    private void ReadUser(ref PacketReader reader)
    {
        HasUser = true;
        var name = reader.Text();
        var value = reader.Text();
        if (!_packed) (User ??= []).Add(new MqttUserProperty(Encoding.UTF8.GetString(name), value.ToArray().AsMemory()));
    }
}
