using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace CvOps.Agent.Spool;

/// <summary>One message in the spool, and its form on disk. The reader fills it again once it got it back.</summary>
internal sealed class SpoolRecord
{
    /// <summary>A larger payload's memory is not kept for the next.</summary>
    private const int KeptBytes = 16 * 1024;

    private byte[] _buffer = [];

    /// <summary>Which log it is from; set by whoever reads several.</summary>
    public SpoolClass Class { get; set; }

    /// <summary>Its number in this log, from 1, without gaps.</summary>
    public long Position { get; private set; }

    /// <summary>When it was written, milliseconds since 1970 by the device's clock; 0 where an agent did not note it.</summary>
    public long WrittenAt { get; private set; }

    public string Topic { get; private set; } = "";

    /// <summary>Good until the record goes back to the reader.</summary>
    public ReadOnlyMemory<byte> Payload { get; private set; }

    // length (4), CRC32C (4), position (8), topic length (2), and with the flag in the length the time (8): see README.md.
    public const int HeaderBytes = 18;
    private const int TimeBytes = 8;
    private const int HasTime = 1 << 30;
    private const int CheckedFrom = 8;

    /// <summary>Largest body that is believed when read; a damaged length must not make us allocate the moon.</summary>
    private const int MaxBodyBytes = 64 * 1024 * 1024;

    /// <summary>Writes a record whose payload comes in two parts.</summary>
    /// <param name="writtenAt">Milliseconds since 1970; 0 writes the record as agents did that noted no time.</param>
    public static void Write(IBufferWriter<byte> output, long position, string topic, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest, long writtenAt = 0)
    {
        var topicBytes = Encoding.UTF8.GetByteCount(topic);
        var topicFrom = writtenAt == 0 ? HeaderBytes : HeaderBytes + TimeBytes;
        var total = topicFrom + topicBytes + head.Length + rest.Length;
        var span = output.GetSpan(total)[..total];
        BinaryPrimitives.WriteInt32LittleEndian(span, (total - HeaderBytes) | (writtenAt == 0 ? 0 : HasTime));
        BinaryPrimitives.WriteInt64LittleEndian(span[8..], position);
        BinaryPrimitives.WriteUInt16LittleEndian(span[16..], checked((ushort)topicBytes));
        if (writtenAt != 0) BinaryPrimitives.WriteInt64LittleEndian(span[HeaderBytes..], writtenAt);
        Encoding.UTF8.GetBytes(topic, span[topicFrom..]);
        head.CopyTo(span[(topicFrom + topicBytes)..]);
        rest.CopyTo(span[(topicFrom + topicBytes + head.Length)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(span[4..], Checksum(span));
        output.Advance(total);
    }

    /// <returns>Bytes of the whole record, or 0 when these bytes are the start of none: too few, or a length nobody wrote.</returns>
    public static int Length(ReadOnlySpan<byte> header)
    {
        if (header.Length < HeaderBytes) return 0;
        var body = BinaryPrimitives.ReadInt32LittleEndian(header) & ~HasTime;
        return body is >= 0 and <= MaxBodyBytes ? HeaderBytes + body : 0;
    }

    public static long PositionOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt64LittleEndian(record[8..]);

    /// <param name="record">A whole record.</param>
    public static long WrittenAtOf(ReadOnlySpan<byte> record) => TopicFrom(record) == HeaderBytes ? 0 : BinaryPrimitives.ReadInt64LittleEndian(record[HeaderBytes..]);

    /// <param name="record">A whole record.</param>
    /// <returns>UTF-8.</returns>
    public static ReadOnlySpan<byte> TopicOf(ReadOnlySpan<byte> record) => record.Slice(TopicFrom(record), TopicBytes(record));

    /// <param name="record">Exactly <see cref="Length"/> bytes.</param>
    public static bool IsWhole(ReadOnlySpan<byte> record) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record[4..]) == Checksum(record)
        && TopicFrom(record) + TopicBytes(record) <= record.Length;

    /// <param name="record">A whole record; its payload is copied.</param>
    public void Fill(ReadOnlySpan<byte> record, TopicCache topics)
    {
        var payload = record[(TopicFrom(record) + TopicBytes(record))..];
        if (payload.Length > _buffer.Length)
        {
            Release(0);
            _buffer = ArrayPool<byte>.Shared.Rent(payload.Length);
        }
        payload.CopyTo(_buffer);
        Position = PositionOf(record);
        WrittenAt = WrittenAtOf(record);
        Topic = topics.Text(TopicOf(record));
        Payload = _buffer.AsMemory(0, payload.Length);
    }

    /// <summary>Nobody reads the payload any more.</summary>
    public void Release() => Release(KeptBytes);

    private static int TopicFrom(ReadOnlySpan<byte> record) => (BinaryPrimitives.ReadInt32LittleEndian(record) & HasTime) == 0 ? HeaderBytes : HeaderBytes + TimeBytes;

    private static int TopicBytes(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt16LittleEndian(record[16..]);

    private void Release(int kept)
    {
        Payload = default;
        if (_buffer.Length <= kept) return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>CRC32C (RFC 3720, B.4) of the record's length, and of everything behind the checksum.</summary>
    private static uint Checksum(ReadOnlySpan<byte> record)
    {
        var crc = BitOperations.Crc32C(uint.MaxValue, BinaryPrimitives.ReadUInt32LittleEndian(record));
        var rest = record[CheckedFrom..];
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(rest)) crc = BitOperations.Crc32C(crc, word);
        foreach (var single in rest[(rest.Length & ~7)..]) crc = BitOperations.Crc32C(crc, single);
        return ~crc;
    }
}
