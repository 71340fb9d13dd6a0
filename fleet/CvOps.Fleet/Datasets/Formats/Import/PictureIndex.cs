using System.Security.Cryptography;
using CvOps.Fleet.Datasets.Formats.Files;
using CvOps.Fleet.Frames;

namespace CvOps.Fleet.Datasets.Formats.Import;

/// <summary>A picture of an import.</summary>
internal sealed record StagedPicture(string Entry, byte[] Bytes, string Digest, int Width, int Height);

/// <summary>Finds the pictures of an import by the names that labels give them, which are rarely those of the archive.</summary>
internal sealed class PictureIndex(StagedFiles files)
{
    private const int HeaderBytes = 1 << 16;

    private Dictionary<string, string?>? _byBase;
    private (string Name, string? Entry, int Width, int Height) _last;

    /// <summary>The file of a picture: that of this very path, that in <c>images/</c>, or the only one of this name in any folder. Null when there is none.</summary>
    public string? Find(string name)
    {
        if (files.Contains(name) && ImageNames.IsImage(name)) return name;
        if (files.Contains("images/" + name)) return "images/" + name;
        if (ByBase.GetValueOrDefault(ImageNames.Base(name)) is { } only) return only;
        return ByBase.ContainsKey(ImageNames.Base(name)) ? files.Names.FirstOrDefault(entry => entry.EndsWith("/" + name, StringComparison.Ordinal)) : null;
    }

    /// <summary>Width and height from the file's beginning; null when there is no such file, or no JPEG in it.</summary>
    public (int Width, int Height)? SizeOf(string name)
    {
        if (_last.Name == name) return _last.Entry is null ? null : (_last.Width, _last.Height);
        _last = (name, null, 0, 0);
        if (Find(name) is not { } entry) return null;
        using var stream = files.Open(entry);
        var header = new byte[Math.Min(HeaderBytes, files.Length(entry))];
        var read = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        // A profile or a thumbnail may take more than that before the size comes.
        if (!JpegHeader.TryReadSize(header.AsSpan(0, read), out var width, out var height) && !JpegHeader.TryReadSize(Load(entry), out width, out height)) return null;
        _last = (name, entry, width, height);
        return (width, height);
    }

    /// <summary>Reads a picture and looks whether it is one.</summary>
    /// <returns>Null when it can't be taken; the findings say why.</returns>
    public StagedPicture? Read(string entry, Findings findings)
    {
        var bytes = Load(entry);
        if (!JpegHeader.TryReadSize(bytes, out var width, out var height))
        {
            var isOther = !ImageNames.IsJpeg(entry);
            findings.Error(entry, isOther ? "It is no JPEG; frames are." : "It is no JPEG, or a damaged one: no size can be read.", isOther ? "Convert it: ffmpeg -i x.png -q:v 1 x.jpg, and name the new file in the labels." : "Bring the original.");
            return null;
        }
        if (!bytes.AsSpan().TrimEnd((byte)0).EndsWith((ReadOnlySpan<byte>)[0xFF, 0xD9]))
        {
            findings.Error(entry, "The JPEG is cut off: it has no end.", "Bring the original.");
            return null;
        }
        return new StagedPicture(entry, bytes, Convert.ToHexStringLower(SHA256.HashData(bytes)), width, height);
    }

    public byte[] Load(string entry)
    {
        using var stream = files.Open(entry);
        var bytes = new byte[files.Length(entry)];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private Dictionary<string, string?> ByBase => _byBase ??= files.Names.Where(ImageNames.IsImage).GroupBy(ImageNames.Base).ToDictionary(group => group.Key, group => group.Count() == 1 ? group.First() : null);
}
