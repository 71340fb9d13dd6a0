namespace MQTTnet.Wire;

/// <summary>Control packet types, already in the upper four bits of the first byte.</summary>
internal static class PacketType
{
    public const byte Connect = 0x10;
    public const byte ConnAck = 0x20;
    public const byte Publish = 0x30;
    public const byte PubAck = 0x40;
    public const byte PubRec = 0x50;
    public const byte PubRel = 0x62; // with the reserved flags MQTT-3.6.1-1 asks for
    public const byte PubComp = 0x70;
    public const byte Subscribe = 0x82; // with the reserved flags MQTT-3.8.1-1 asks for
    public const byte SubAck = 0x90;
    public const byte Unsubscribe = 0xA2;
    public const byte UnsubAck = 0xB0;
    public const byte PingReq = 0xC0;
    public const byte PingResp = 0xD0;
    public const byte Disconnect = 0xE0;
}
