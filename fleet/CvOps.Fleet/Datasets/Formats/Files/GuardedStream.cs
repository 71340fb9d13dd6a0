namespace CvOps.Fleet.Datasets.Formats.Files;

/// <summary>A file of an archive, no longer than the archive's directory says: what is checked there has to be true here.</summary>
internal sealed class GuardedStream(Stream inner, string name, long bytes) : Stream
{
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => bytes;

    public override long Position { get => _read; set => throw new NotSupportedException("An archive is read forwards."); }

    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        _read += read;
        if (_read > bytes) throw new InvalidDataException($"{name} unpacks to more than the {bytes} bytes that the archive's directory says: this is a zip bomb.");
        if (read == 0 && buffer.Length > 0 && _read < bytes) throw new InvalidDataException($"{name} ends after {_read} of {bytes} bytes: the archive is damaged.");
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("An archive is read forwards.");

    public override void SetLength(long value) => throw new NotSupportedException("An archive is only read.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("An archive is only read.");

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
