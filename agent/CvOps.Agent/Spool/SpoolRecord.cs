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

    /// <summary>Its number on this disk, from 1, without gaps.</summary>
    public long Position { get; private set; }

    public string Topic { get; private set; } = "";

    /// <summary>Good until the record goes back to the reader.</summary>
    public ReadOnlyMemory<byte> Payload { get; private set; }

    // length (4), CRC32C (4), position (8), topic length (2): see README.md.
    public const int HeaderBytes = 18;
    private const int CheckedFrom = 8;

    /// <summary>Largest body that is believed when read; a damaged length must not make us allocate the moon.</summary>
    private const int MaxBodyBytes = 64 * 1024 * 1024;

    /// <summary>Writes a record whose payload comes in two parts.</summary>
    public static void Write(IBufferWriter<byte> output, long position, string topic, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest)
    {
        var topicBytes = Encoding.UTF8.GetByteCount(topic);
        var total = HeaderBytes + topicBytes + head.Length + rest.Length;
        var span = output.GetSpan(total)[..total];
        BinaryPrimitives.WriteInt32LittleEndian(span, total - HeaderBytes);
        BinaryPrimitives.WriteInt64LittleEndian(span[8..], position);
        BinaryPrimitives.WriteUInt16LittleEndian(span[16..], checked((ushort)topicBytes));
        Encoding.UTF8.GetBytes(topic, span[HeaderBytes..]);
        head.CopyTo(span[(HeaderBytes + topicBytes)..]);
        rest.CopyTo(span[(HeaderBytes + topicBytes + head.Length)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(span[4..], Checksum(span));
        output.Advance(total);
    }

    /// <returns>Bytes of the whole record, or 0 when these bytes are the start of none: too few, or a length nobody wrote.</returns>
    public static int Length(ReadOnlySpan<byte> header)
    {
        if (header.Length < HeaderBytes) return 0;
        var body = BinaryPrimitives.ReadInt32LittleEndian(header);
        return body is >= 0 and <= MaxBodyBytes ? HeaderBytes + body : 0;
    }

    public static long PositionOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt64LittleEndian(record[8..]);

    /// <param name="record">Exactly <see cref="Length"/> bytes.</param>
    public static bool IsWhole(ReadOnlySpan<byte> record) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record[4..]) == Checksum(record)
        && TopicBytes(record) <= record.Length - HeaderBytes;

    /// <param name="record">A whole record.</param>
    public static SpoolRecord Read(ReadOnlySpan<byte> record)
    {
        var topic = record.Slice(HeaderBytes, TopicBytes(record));
        return new SpoolRecord { Position = PositionOf(record), Topic = Encoding.UTF8.GetString(topic), Payload = record[(HeaderBytes + topic.Length)..].ToArray() };
    }

    /// <param name="record">A whole record; its payload is copied.</param>
    public void Fill(ReadOnlySpan<byte> record, TopicCache topics)
    {
        var topic = record.Slice(HeaderBytes, TopicBytes(record));
        var payload = record[(HeaderBytes + topic.Length)..];
        if (payload.Length > _buffer.Length)
        {
            Release(0);
            _buffer = ArrayPool<byte>.Shared.Rent(payload.Length);
        }
        payload.CopyTo(_buffer);
        Position = PositionOf(record);
        Topic = topics.Text(topic);
        Payload = _buffer.AsMemory(0, payload.Length);
    }

    /// <summary>Nobody reads the payload any more.</summary>
    public void Release() => Release(KeptBytes);

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
