using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using MQTTnet.Exceptions;
using MQTTnet.Packets;

namespace MQTTnet.Wire;

/// <summary>Builds packets one behind the other in a buffer of its own, which grows as far as it was ever needed and stays.</summary>
internal sealed class PacketWriter
{
    private const int MaxString = ushort.MaxValue;

    private byte[] _buffer = new byte[4096];
    private int _start; // of the packet being written
    private int _body; // behind the room for its header
    private int _end;

    /// <summary>The finished packets; good until the next call of this writer.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _start);

    /// <summary>Forgets what stands behind this length, a packet that could not be finished included.</summary>
    public void CutTo(int length) => _start = _end = length;

    /// <summary>Begins a packet.</summary>
    /// <param name="expected">About how long its body will be; a good guess saves moving it.</param>
    public void Begin(int expected = 0)
    {
        _body = _start + 1 + LengthBytes(expected);
        _end = _start;
        Room(_body - _start);
        _end = _body;
    }

    public void Byte(byte value)
    {
        Room(1)[0] = value;
        _end++;
    }

    public void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(Room(2), value);
        _end += 2;
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Room(4), value);
        _end += 4;
    }

    /// <summary>Variable byte integer, MQTT 5 section 1.5.5.</summary>
    public void Variable(int value)
    {
        do
        {
            var part = (byte)(value & 0x7F);
            value >>= 7;
            Byte(value > 0 ? (byte)(part | 0x80) : part);
        }
        while (value > 0);
    }

    public void String(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        // MQTT-1.5.4-2: a server ends the connection over it.
        if (text.Contains('\0', StringComparison.Ordinal)) throw new MqttProtocolViolationException("A text holds a null character, which MQTT forbids.");
        if (bytes > MaxString) throw new MqttProtocolViolationException($"A text of {bytes} bytes is longer than MQTT's {MaxString}.");
        UInt16((ushort)bytes);
        _end += Encoding.UTF8.GetBytes(text, Room(bytes));
    }

    public void Binary(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxString) throw new MqttProtocolViolationException($"A field of {bytes.Length} bytes is longer than MQTT's {MaxString}.");
        UInt16((ushort)bytes.Length);
        Raw(bytes);
    }

    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _end += bytes.Length;
    }

    public void Raw(ReadOnlySequence<byte> bytes)
    {
        var length = checked((int)bytes.Length);
        bytes.CopyTo(Room(length));
        _end += length;
    }

    public void Property(PropertyId id, uint value)
    {
        Byte((byte)id);
        UInt32(value);
    }

    public void Property(PropertyId id, ushort value)
    {
        Byte((byte)id);
        UInt16(value);
    }

    public void Property(PropertyId id, string? value)
    {
        if (value is null) return;
        Byte((byte)id);
        String(value);
    }

    public void Properties(List<MqttUserProperty>? user)
    {
        if (user is null) return;
        foreach (var property in user)
        {
            Byte((byte)PropertyId.UserProperty);
            String(property.Name);
            Binary(property.ValueBuffer.Span);
        }
    }

    /// <summary>Begins a property list; its length, which stands before it, follows in <see cref="EndProperties"/>.</summary>
    public int BeginProperties() => _end;

    public void EndProperties(int start)
    {
        var length = _end - start;
        var prefix = LengthBytes(length);
        Room(prefix);
        _buffer.AsSpan(start, length).CopyTo(_buffer.AsSpan(start + prefix));
        _end = start;
        Variable(length);
        _end += length;
    }

    /// <summary>Puts the header before what was written since <see cref="Begin"/>.</summary>
    /// <returns>The packet; good until the next call of this writer.</returns>
    public ReadOnlyMemory<byte> Finish(byte first)
    {
        var length = _end - _body;
        if (length > PacketReader.MaxRemainingLength) throw new MqttProtocolViolationException($"A packet of {length} bytes is larger than MQTT's {PacketReader.MaxRemainingLength}.");
        var header = 1 + LengthBytes(length);
        if (_start + header != _body)
        {
            Room(header);
            _buffer.AsSpan(_body, length).CopyTo(_buffer.AsSpan(_start + header));
        }
        var start = _end = _start;
        Byte(first);
        Variable(length);
        _start = _end += length;
        return _buffer.AsMemory(start, _end - start);
    }

    /// <summary>Bytes of a variable byte integer.</summary>
    private static int LengthBytes(int value) => value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : 4;

    private Span<byte> Room(int bytes)
    {
        if (_buffer.Length - _end < bytes) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _end + bytes));
        return _buffer.AsSpan(_end);
    }
}
