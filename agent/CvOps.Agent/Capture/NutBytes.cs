namespace CvOps.Agent.Capture;

/// <summary>A NUT stream that can't be read; the message completes "ffmpeg's output can't be read: ".</summary>
internal sealed class NutException(string message) : Exception(message);

/// <summary>A stream with the numbers NUT is written in. What is large is read past the buffer, straight to its place.</summary>
internal sealed class NutBytes(Stream input)
{
    private readonly byte[] _buffer = new byte[4096];
    private byte[] _packet = new byte[512];
    private int _at;
    private int _end;

    /// <summary>The next byte, which stays; null at the end of the stream.</summary>
    public byte? Peek()
    {
        if (_at == _end)
        {
            (_at, _end) = (0, input.Read(_buffer));
            if (_end == 0) return null;
        }
        return _buffer[_at];
    }

    /// <exception cref="NutException">The stream ended.</exception>
    public byte Byte()
    {
        var next = Peek() ?? throw new NutException("it ended in the middle of a header");
        _at++;
        return next;
    }

    /// <summary>Seven bits a byte, the highest first.</summary>
    public ulong Varint()
    {
        for (var value = 0UL; ;)
        {
            var next = Byte();
            value = value << 7 | (uint)(next & 127);
            if (next < 128) return value;
        }
    }

    /// <returns>How many bytes there were; fewer than asked for only at the end of the stream.</returns>
    public int Read(Span<byte> target)
    {
        var buffered = Math.Min(target.Length, _end - _at);
        _buffer.AsSpan(_at, buffered).CopyTo(target);
        _at += buffered;
        return buffered == target.Length ? buffered : buffered + input.ReadAtLeast(target[buffered..], target.Length - buffered, throwOnEndOfStream: false);
    }

    public void Skip(long count)
    {
        for (; count > 0; count--) Byte();
    }

    /// <summary>A packet's bytes; valid until the next packet.</summary>
    public NutPacket Packet(long length)
    {
        if (length is < 4 or > 1 << 20) throw new NutException($"a header of {length} bytes is announced");
        if (_packet.Length < length) _packet = new byte[length];
        var packet = _packet.AsSpan(0, (int)length);
        return Read(packet) == packet.Length ? new NutPacket(packet) : throw new NutException("it ended in the middle of a header");
    }

    /// <summary>Puts bytes back that the stream left out because they are always the same.</summary>
    public void Unread(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0) return;
        var rest = _buffer.AsSpan(_at, _end - _at);
        if (bytes.Length + rest.Length > _buffer.Length) throw new NutException("a picture's header makes no sense");
        rest.CopyTo(_buffer.AsSpan(bytes.Length));
        bytes.CopyTo(_buffer);
        (_at, _end) = (0, bytes.Length + rest.Length);
    }

    /// <summary>A coded time as a whole one: NUT writes the low bits alone while they suffice.</summary>
    public static long FullPts(long coded, long last, int msbShift)
    {
        if (coded >= 1L << msbShift) return coded - (1L << msbShift);
        var mask = (1L << msbShift) - 1;
        var delta = last - mask / 2;
        return ((coded - delta) & mask) + delta;
    }
}

/// <summary>The bytes of one packet.</summary>
internal ref struct NutPacket(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public ulong Varint()
    {
        for (var value = 0UL; ;)
        {
            if (_rest.IsEmpty) throw new NutException("a header is too short");
            var next = _rest[0];
            _rest = _rest[1..];
            value = value << 7 | (uint)(next & 127);
            if (next < 128) return value;
        }
    }

    public long Signed()
    {
        var value = (long)Varint() + 1;
        return (value & 1) != 0 ? -(value >> 1) : value >> 1;
    }

    /// <summary>Bytes with their count before them.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        var length = Varint();
        if (length > (ulong)_rest.Length) throw new NutException("a header is too short");
        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }
}
