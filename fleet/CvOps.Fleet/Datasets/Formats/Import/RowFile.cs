namespace CvOps.Fleet.Datasets.Formats.Import;

/// <summary>Texts and numbers that may be missing, one after another: written once, then read from the beginning.</summary>
internal sealed class RowFile(string path) : IDisposable
{
    private const int Buffer = 1 << 16;

    private readonly BinaryWriter _writer = new(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, Buffer));

    public void Write(string? text)
    {
        _writer.Write(text is not null);
        if (text is not null) _writer.Write(text);
    }

    public void Write(long? number)
    {
        _writer.Write(number is not null);
        if (number is { } value) _writer.Write7BitEncodedInt64(value);
    }

    /// <summary>The caller disposes it; nothing may be written afterwards.</summary>
    public BinaryReader Read()
    {
        _writer.Flush();
        return new BinaryReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, Buffer));
    }

    public static string? Text(BinaryReader file) => file.ReadBoolean() ? file.ReadString() : null;

    public static long? Number(BinaryReader file) => file.ReadBoolean() ? file.Read7BitEncodedInt64() : null;

    public void Dispose() => _writer.Dispose();
}
