using System.IO.Compression;

namespace CvOps.Fleet.Datasets.Formats.Files;

/// <summary>Where an export goes: a zip, or a stream for the one file of a format. One file is open at a time.</summary>
internal sealed class ExportFiles : IDisposable
{
    private readonly Stream _stream;
    private readonly ZipArchive? _zip;

    private ExportFiles(Stream stream, ZipArchive? zip) => (_stream, _zip) = (stream, zip);

    /// <param name="stream">Need not be seekable. Stays open.</param>
    public static ExportFiles Zip(Stream stream) => new(stream, new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true));

    /// <param name="stream">Takes the one file. Stays open.</param>
    public static ExportFiles Single(Stream stream) => new(stream, null);

    /// <summary>Whether it takes more than one file.</summary>
    public bool IsArchive => _zip is not null;

    /// <summary>Begins a file; the caller disposes the stream before the next.</summary>
    /// <param name="pack">False for what does not shrink, and for files so small that packing takes longer than it saves.</param>
    public Stream Create(string name, bool pack = true) =>
        _zip is null ? new KeptOpen(_stream) : _zip.CreateEntry(name, pack ? CompressionLevel.Fastest : CompressionLevel.NoCompression).Open();

    public void Dispose() => _zip?.Dispose();

    /// <summary>Whoever writes a file closes it; the stream below belongs to somebody else.</summary>
    private sealed class KeptOpen(Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException("An export is only written.");

        public override long Position { get => throw new NotSupportedException("An export is only written."); set => throw new NotSupportedException("An export is only written."); }

        public override void Write(ReadOnlySpan<byte> buffer) => inner.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("An export is only written.");

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("An export is only written.");

        public override void SetLength(long value) => throw new NotSupportedException("An export is only written.");
    }
}
