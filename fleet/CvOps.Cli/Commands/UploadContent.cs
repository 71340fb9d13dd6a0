using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using CvOps.Cli.Output;

namespace CvOps.Cli.Commands;

/// <summary>A file as it is, or a folder as a zip that is made while it is sent: neither is held in memory or copied to the disk.</summary>
internal sealed class UploadContent : HttpContent
{
    private readonly FileSystemInfo _source;
    private readonly Action<long> _tell;

    /// <param name="tell">Hears how many bytes were sent.</param>
    public UploadContent(FileSystemInfo source, Action<long> tell)
    {
        (_source, _tell) = (source, tell);
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Not disposed: the connection below is not ours.
        var counted = new CountingStream(stream, _tell);
        if (_source is not DirectoryInfo folder)
        {
            await using var file = File.OpenRead(_source.FullName);
            await file.CopyToAsync(counted, cancellationToken);
            return;
        }
        await using var zip = await ZipArchive.CreateAsync(counted, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        foreach (var file in folder.EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.LinkTarget is null).OrderBy(file => file.FullName, StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(folder.FullName, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
            // Pictures do not shrink.
            var entry = zip.CreateEntry(name, file.Extension.ToLowerInvariant() is ".jpg" or ".jpeg" or ".png" ? CompressionLevel.NoCompression : CompressionLevel.Fastest);
            await using var from = file.OpenRead();
            await using var into = await entry.OpenAsync(cancellationToken);
            await from.CopyToAsync(into, cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _source is FileInfo file ? file.Length : 0;
        return _source is FileInfo;
    }
}
