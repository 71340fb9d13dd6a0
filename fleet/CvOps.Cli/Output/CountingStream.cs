namespace CvOps.Cli.Output;

/// <summary>Passes bytes on and tells how many there were, every few megabytes.</summary>
/// <param name="inner">Owned by this stream.</param>
internal sealed class CountingStream(Stream inner, Action<long> tell) : Stream
{
    private const long TellEvery = 4 << 20;

    private long _bytes;
    private long _told;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _bytes;

    public override long Position { get => _bytes; set => throw new NotSupportedException("Bytes are only passed on."); }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        inner.Write(buffer);
        Count(buffer.Length);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await inner.WriteAsync(buffer, cancellationToken);
        Count(buffer.Length);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Bytes are only passed on.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("Bytes are only passed on.");

    public override void SetLength(long value) => throw new NotSupportedException("Bytes are only passed on.");

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private void Count(int bytes)
    {
        _bytes += bytes;
        if (_bytes - _told < TellEvery) return;
        _told = _bytes;
        tell(_bytes);
    }
}
