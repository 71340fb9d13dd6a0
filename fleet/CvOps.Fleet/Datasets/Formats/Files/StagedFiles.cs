using System.IO.Compression;

namespace CvOps.Fleet.Datasets.Formats.Files;

/// <summary>
/// The files of an import as they came: a zip, or one file. Nothing is unpacked under a name that the archive chose; what has to be looked at out of order
/// lies under a number in the folder of this import.
/// </summary>
internal sealed class StagedFiles : IDisposable
{
    private static readonly string[] Litter = ["__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini"];

    private readonly string _folder;
    private readonly string _upload;
    private readonly ImportLimits _limits;
    private readonly ZipArchive? _zip;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];
    private int _staged;

    private StagedFiles(string folder, string upload, ImportLimits limits, ZipArchive? zip) => (_folder, _upload, _limits, _zip) = (folder, upload, limits, zip);

    /// <summary>Files with forward slashes, in the order of the archive.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>Opens what was uploaded and looks for what is wrong with it as an archive.</summary>
    /// <param name="folder">This import's own; the caller makes and removes it.</param>
    /// <returns>Null when it can't be opened at all; the findings say why.</returns>
    public static StagedFiles? Open(string folder, string upload, ImportLimits limits, Findings findings)
    {
        Span<byte> begin = stackalloc byte[4];
        using (var look = File.OpenRead(upload))
        {
            if (look.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) == 0)
            {
                findings.Error("upload", "It is empty.", "Send a zip, or the one file of a format.");
                return null;
            }
        }
        if (!begin.StartsWith("PK"u8)) return Single(folder, upload, limits, begin);

        var file = new FileStream(upload, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        try
        {
            if (ZipDirectory.Refuse(file, limits.Entries) is { } refusal)
            {
                findings.Error("upload", refusal, "Make the archive anew, or bring the dataset in parts.");
                file.Dispose();
                return null;
            }
            var staged = new StagedFiles(folder, upload, limits, new ZipArchive(file, ZipArchiveMode.Read));
            staged.Take(file.Length, findings);
            return staged;
        }
        catch (InvalidDataException e)
        {
            file.Dispose();
            findings.Error("upload", $"The archive can't be read: {e.Message}", "Make it anew; it may have been cut off on the way.");
            return null;
        }
    }

    public bool Contains(string name) => _zip is null ? _names.Contains(name) : _entries.ContainsKey(name);

    /// <summary>Bytes of a file, unpacked.</summary>
    public long Length(string name) => _zip is null ? new FileInfo(_upload).Length : _entries[name].Length;

    /// <summary>A file from its beginning; the caller disposes it. One is read at a time.</summary>
    /// <exception cref="InvalidDataException">While reading: it unpacks to more than the archive said.</exception>
    public Stream Open(string name) => _zip is null ? File.OpenRead(_upload) : new GuardedStream(_entries[name].Open(), name, _entries[name].Length);

    /// <summary>A copy that can be read out of order; the caller disposes it.</summary>
    public FileStream OpenSeekable(string name)
    {
        var path = _upload;
        if (_zip is not null)
        {
            path = Path.Combine(_folder, $"file-{_staged++}");
            using var source = Open(name);
            using var target = File.Create(path);
            source.CopyTo(target);
        }
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
    }

    public void Dispose() => _zip?.Dispose();

    private static StagedFiles Single(string folder, string upload, ImportLimits limits, ReadOnlySpan<byte> begin)
    {
        var staged = new StagedFiles(folder, upload, limits, null);
        var first = begin.StartsWith("\uFEFF"u8) ? begin[3..] : begin;
        staged._names.Add(first.TrimStart(" \t\r\n"u8) switch
        {
            [(byte)'{' or (byte)'[', ..] => "labels.json",
            [(byte)'<', ..] => "labels.xml",
            _ => "labels.csv",
        });
        return staged;
    }

    private void Take(long uploadBytes, Findings findings)
    {
        var total = 0L;
        foreach (var entry in _zip!.Entries)
        {
            var name = entry.FullName;
            if (name.EndsWith('/') || Litter.Any(litter => name.Contains(litter, StringComparison.Ordinal))) continue;
            if (Leaves(name)) findings.Error(name, "Its path leaves the archive's folder.", "Make the archive with paths below its own folder, without '..', drive letters or backslashes.");
            else if (entry.IsEncrypted) findings.Error(name, "It is encrypted.", "Bring the archive without a password.");
            else if (!_entries.TryAdd(name, entry)) findings.Error(name, "The archive has two files of this name.", "Keep one.");
            else _names.Add(name);
            CheckSize(entry, findings);
            total += Math.Max(0, entry.Length);
        }
        if (total > _limits.TotalBytes) findings.Error("upload", $"Its files unpack to {total} bytes; at most {_limits.TotalBytes} are taken.", "Bring the dataset in parts.");
        else if (total > _limits.RatioFrom && total / _limits.Ratio > uploadBytes)
            findings.Error("upload", $"{uploadBytes} bytes unpack to {total}, more than {_limits.Ratio} times as many: this is a zip bomb.", "Check where the archive comes from.");
    }

    private void CheckSize(ZipArchiveEntry entry, Findings findings)
    {
        var isImage = ImageNames.IsImage(entry.FullName);
        var most = isImage ? _limits.ImageBytes : _limits.DocumentBytes;
        if (entry.Length > most) findings.Error(entry.FullName, $"It unpacks to {entry.Length} bytes; at most {most} are taken.", isImage ? "Scale the picture down." : "Bring the dataset in parts.");
        else if (entry.Length > _limits.RatioFrom && entry.Length / _limits.Ratio > entry.CompressedLength)
            findings.Error(entry.FullName, $"{entry.CompressedLength} bytes unpack to {entry.Length}, more than {_limits.Ratio} times as many: this is a zip bomb.", "Check where the archive comes from.");
    }

    private static bool Leaves(string name) =>
        name.Length == 0 || name[0] == '/' || name.Contains('\\') || name.Contains(':') || name.Contains('\0') || name.Split('/').Any(part => part is ".." or ".");
}
