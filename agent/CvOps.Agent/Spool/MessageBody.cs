using System.Buffers;
using System.Text.Json;

namespace CvOps.Agent.Spool;

/// <summary>A message as JSON on its way to the disk, in a buffer that goes round.</summary>
internal sealed class MessageBody : IDisposable
{
    private readonly ArrayBufferWriter<byte> _bytes = new(1024);
    private readonly Utf8JsonWriter _writer;

    public MessageBody() => _writer = new Utf8JsonWriter(_bytes, new JsonWriterOptions { SkipValidation = true });

    public ReadOnlySpan<byte> Json => _bytes.WrittenSpan;

    /// <summary>Bytes the buffer holds on to.</summary>
    public int Capacity => _bytes.Capacity;

    public void Write<T>(T message, Action<Utf8JsonWriter, T> write)
    {
        _bytes.ResetWrittenCount();
        _writer.Reset();
        write(_writer, message);
        _writer.Flush();
    }

    public void Dispose() => _writer.Dispose();
}

/// <summary>The idle ones.</summary>
internal sealed class MessageBodies
{
    // As many as the queue to the disk holds, a quarter of it: more wait only while the disk stands still.
    private const int MostIdle = 1024;

    // A sampled frame's picture may take megabytes; such a buffer is not kept.
    private const int LargestIdle = 64 * 1024;

    private readonly Stack<MessageBody> _idle = new(MostIdle);

    public MessageBody Rent()
    {
        lock (_idle)
        {
            if (_idle.TryPop(out var body)) return body;
        }
        return new MessageBody();
    }

    public void Return(MessageBody body)
    {
        lock (_idle)
        {
            if (body.Capacity <= LargestIdle && _idle.Count < MostIdle)
            {
                _idle.Push(body);
                return;
            }
        }
        body.Dispose();
    }
}
