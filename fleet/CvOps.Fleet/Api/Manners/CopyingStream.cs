namespace CvOps.Fleet.Api.Manners;

/// <summary>Passes bytes on and keeps a copy of them.</summary>
/// <param name="inner">Not owned.</param>
/// <param name="most">Bytes that are kept at most.</param>
internal sealed class CopyingStream(Stream inner, int most) : Stream
{
    private readonly MemoryStream _copy = new();
    private bool _whole = true;

    /// <summary>Null when there was too much.</summary>
    public byte[]? Copy => _whole ? _copy.ToArray() : null;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException("Bytes are only passed on.");

    public override long Position { get => throw new NotSupportedException("Bytes are only passed on."); set => throw new NotSupportedException("Bytes are only passed on."); }

    public override void Write(byte[] buffer, int offset, int count)
    {
        Keep(buffer.AsSpan(offset, count));
        inner.Write(buffer, offset, count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Keep(buffer.Span);
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Bytes are only passed on.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("Bytes are only passed on.");

    public override void SetLength(long value) => throw new NotSupportedException("Bytes are only passed on.");

    protected override void Dispose(bool disposing)
    {
        if (disposing) _copy.Dispose();
        base.Dispose(disposing);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        _whole &= _copy.Length + bytes.Length <= most;
        if (_whole) _copy.Write(bytes);
    }
}
