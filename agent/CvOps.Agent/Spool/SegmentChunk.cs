using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace CvOps.Agent.Spool;

/// <summary>A part of a segment's file in memory, so that most records cost no call of the kernel. The buffer grows to the largest record.</summary>
internal sealed class SegmentChunk : IDisposable
{
    private const int AheadBytes = 64 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(AheadBytes);
    private long _from;
    private int _length;

    /// <summary>Another file from here on.</summary>
    public void Forget() => _length = 0;

    /// <param name="end">Bytes of the file that may be read; they never change.</param>
    /// <returns>The record that begins there, good until the next call; empty when there is none whole with this position.</returns>
    /// <exception cref="IOException">The disk can't be read.</exception>
    public ReadOnlyMemory<byte> Record(SafeFileHandle file, long at, long end, long position)
    {
        var size = SpoolRecord.Length(Bytes(file, at, SpoolRecord.HeaderBytes, end).Span);
        if (size == 0 || at + size > end) return default;
        var record = Bytes(file, at, size, end);
        return record.Length == size && SpoolRecord.IsWhole(record.Span) && SpoolRecord.PositionOf(record.Span) == position ? record : default;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <returns>Fewer when the file ends before.</returns>
    private ReadOnlyMemory<byte> Bytes(SafeFileHandle file, long at, int count, long end)
    {
        if (at < _from || at + count > _from + _length) Fill(file, at, count, end);
        return _buffer.AsMemory((int)(at - _from), (int)Math.Min(count, _from + _length - at));
    }

    private void Fill(SafeFileHandle file, long at, int count, long end)
    {
        if (count > _buffer.Length)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(count);
        }
        (_from, _length) = (at, 0);
        var wanted = (int)Math.Clamp(end - at, 0, _buffer.Length);
        while (_length < wanted && RandomAccess.Read(file, _buffer.AsSpan(_length, wanted - _length), at + _length) is > 0 and var read) _length += read;
    }
}
