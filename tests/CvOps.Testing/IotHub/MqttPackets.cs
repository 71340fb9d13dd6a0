using System.Buffers.Binary;
using System.Text;

namespace CvOps.Testing.IotHub;

/// <summary>The few MQTT 3.1.1 packets a hub and its devices exchange (OASIS, 29 October 2014).</summary>
internal static class MqttPackets
{
    public const byte Connect = 1;
    public const byte Publish = 3;
    public const byte PubAck = 4;
    public const byte Subscribe = 8;
    public const byte Unsubscribe = 10;
    public const byte PingReq = 12;
    public const byte Disconnect = 14;

    private const int Largest = 1024 * 1024;

    /// <returns>The first byte and what follows the length; null at the end of the stream.</returns>
    /// <exception cref="InvalidDataException">No packet of a sane size.</exception>
    public static async Task<(byte First, byte[] Body)?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var one = new byte[1];
        if (await stream.ReadAsync(one, cancellationToken) == 0) return null;
        var first = one[0];
        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (shift > 21) throw new InvalidDataException("A packet's length has more than four bytes.");
            await stream.ReadExactlyAsync(one, cancellationToken);
            length |= (one[0] & 0x7F) << shift;
            if ((one[0] & 0x80) == 0) break;
        }
        if (length > Largest) throw new InvalidDataException($"A packet of {length} bytes.");
        var body = new byte[length];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return (first, body);
    }

    public static byte[] ConnAck(bool sessionPresent, byte code) => [0x20, 2, (byte)(sessionPresent ? 1 : 0), code];

    public static byte[] PubAckOf(ushort id) => [0x40, 2, (byte)(id >> 8), (byte)id];

    public static byte[] SubAck(ushort id, IReadOnlyCollection<byte> granted) => [0x90, (byte)(2 + granted.Count), (byte)(id >> 8), (byte)id, .. granted];

    public static byte[] UnsubAck(ushort id) => [0xB0, 2, (byte)(id >> 8), (byte)id];

    public static byte[] PingResp() => [0xD0, 0];

    /// <summary>QoS 0, as a hub sends twins and methods.</summary>
    public static byte[] PublishOf(string topic, ReadOnlySpan<byte> payload)
    {
        var name = Encoding.UTF8.GetBytes(topic);
        var packet = new List<byte> { 0x30 };
        var length = 2 + name.Length + payload.Length;
        do
        {
            packet.Add((byte)((length & 0x7F) | (length > 0x7F ? 0x80 : 0)));
            length >>= 7;
        }
        while (length > 0);
        packet.Add((byte)(name.Length >> 8));
        packet.Add((byte)name.Length);
        packet.AddRange(name);
        packet.AddRange(payload);
        return [.. packet];
    }

    /// <summary>Takes fields off the front of a packet.</summary>
    public ref struct Fields(ReadOnlySpan<byte> rest)
    {
        public ReadOnlySpan<byte> Rest { get; private set; } = rest;

        public byte Byte()
        {
            var value = Rest[0];
            Rest = Rest[1..];
            return value;
        }

        public ushort Number()
        {
            var value = BinaryPrimitives.ReadUInt16BigEndian(Rest);
            Rest = Rest[2..];
            return value;
        }

        public string Text()
        {
            var length = Number();
            var value = Encoding.UTF8.GetString(Rest[..length]);
            Rest = Rest[length..];
            return value;
        }
    }
}
