using System.Buffers;

namespace MQTTnet.Wire;

/// <summary>What has arrived and was not taken yet. The buffer grows to the largest packet and stays. Not safe for several threads.</summary>
/// <param name="limit">Largest packet, in bytes.</param>
internal sealed class PacketIntake(int limit)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>Where the next bytes belong; never empty.</summary>
    public Memory<byte> Room()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _buffer.Length)
        {
            var whole = _start > 0 ? _buffer : new byte[_buffer.Length * 2];
            _buffer.AsSpan(_start, _end - _start).CopyTo(whole);
            (_buffer, _start, _end) = (whole, 0, _end - _start);
        }
        return _buffer.AsMemory(_end);
    }

    /// <param name="bytes">Written to <see cref="Room"/>.</param>
    public void Add(int bytes) => _end += bytes;

    /// <summary>Takes one whole packet off the front.</summary>
    /// <param name="body">Good until the next call of <see cref="Room"/>.</param>
    /// <returns>False when more bytes are needed.</returns>
    /// <exception cref="MalformedPacketException">What has arrived begins no packet, or one above the limit.</exception>
    public bool TryTake(out byte first, out ReadOnlySpan<byte> body)
    {
        var arrived = new ReadOnlySequence<byte>(_buffer, _start, _end - _start);
        if (!PacketReader.TryTake(ref arrived, limit, out first, out var packet))
        {
            body = default;
            return false;
        }
        _start = _end - (int)arrived.Length;
        body = packet.FirstSpan;
        return true;
    }
}
