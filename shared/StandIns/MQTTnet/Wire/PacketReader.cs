using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace MQTTnet.Wire;

/// <summary>Reads the fields of one packet's body; whatever is missing or wrong is a <see cref="MalformedPacketException"/>.</summary>
internal ref struct PacketReader(ReadOnlySpan<byte> body)
{
    /// <summary>Largest packet received when the options name no limit, in bytes.</summary>
    public const int DefaultLimit = 16 * 1024 * 1024;

    public const int MaxRemainingLength = 268_435_455; // MQTT 5 section 1.5.5

    private ReadOnlySpan<byte> _rest = body;

    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Left => _rest.Length;

    /// <summary>Takes one whole packet off the front of what has arrived.</summary>
    /// <returns>False when more bytes are needed.</returns>
    public static bool TryTake(ref ReadOnlySequence<byte> arrived, int limit, out byte first, out ReadOnlySequence<byte> body)
    {
        body = default;
        var reader = new SequenceReader<byte>(arrived);
        if (!reader.TryRead(out first)) return false;
        // MQTT-2.1.3-1; also tells a peer that is no broker before its supposed length is waited for.
        if ((first & 0xF0) != PacketType.Publish && first != PacketType.PubRel && ((first & 0x0F) != 0 || first is 0 or (PacketType.PubRel & 0xF0))) throw MalformedPacketException.Because($"0x{first:X2} begins no packet.");
        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (shift > 21) throw MalformedPacketException.Because("The remaining length is longer than four bytes.");
            if (!reader.TryRead(out var part)) return false;
            length |= (part & 0x7F) << shift;
            if ((part & 0x80) == 0) break;
        }
        if (length > limit)
            throw new MalformedPacketException(MqttClientDisconnectOptionsReason.PacketTooLarge, $"A packet of {length} bytes is larger than the limit of {limit}.");
        if (reader.Remaining < length) return false;
        body = arrived.Slice(reader.Position, length);
        arrived = arrived.Slice(body.End);
        return true;
    }

    public byte Byte() => Take(1)[0];

    /// <summary>A byte that is 0 or 1.</summary>
    public bool Flag() => Byte() switch { 0 => false, 1 => true, var other => throw new MalformedPacketException(MqttClientDisconnectOptionsReason.ProtocolError, $"A flag is {other}.") };

    public ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public int Variable()
    {
        var value = 0;
        for (var shift = 0; shift <= 21; shift += 7)
        {
            var part = Byte();
            value |= (part & 0x7F) << shift;
            if ((part & 0x80) == 0) return value;
        }
        throw MalformedPacketException.Because("A variable byte integer is longer than four bytes.");
    }

    public string String()
    {
        var text = Text();
        return text.IsEmpty ? "" : Encoding.UTF8.GetString(text);
    }

    /// <summary>A text as it stands in the packet, known to be UTF-8 without a null character (MQTT-1.5.4-1 and -2).</summary>
    public ReadOnlySpan<byte> Text()
    {
        var text = Take(UInt16());
        if (!Utf8.IsValid(text)) throw MalformedPacketException.Because("A text is not UTF-8.");
        return text.Contains((byte)0) ? throw MalformedPacketException.Because("A text holds a null character.") : text;
    }

    public byte[] Binary() => Take(UInt16()).ToArray();

    public PacketReader Part(int length) => new(Take(length));

    public ReadOnlySpan<byte> Rest() => Take(_rest.Length);

    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (_rest.Length < bytes) throw MalformedPacketException.Because($"The packet ends {bytes - _rest.Length} bytes early.");
        var taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }
}
