using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace CvOps.Agent.Decisions;

/// <summary>A record's file: one line of JSON, a line feed, and the frame's exact bytes, deflated (RFC 1950).</summary>
internal static class DecisionFile
{
    public const string Extension = ".decision";

    // A prediction has at most a few hundred boxes; a first line longer than this is another kind of file.
    private const int MostHeaderBytes = 16 * 1024 * 1024;

    /// <summary>Writes a whole file or none: a record that is there can be replayed.</summary>
    /// <returns>Its size in bytes.</returns>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static long Write(string path, DecisionRecord record, ReadOnlySpan<byte> pixels)
    {
        var partial = path + ".partial";
        using (var file = File.Create(partial))
        {
            JsonSerializer.Serialize(file, record, DecisionJson.Default.DecisionRecord);
            file.WriteByte((byte)'\n');
            using var deflated = new ZLibStream(file, CompressionLevel.Fastest);
            deflated.Write(pixels);
        }
        File.Move(partial, path, overwrite: true);
        return new FileInfo(path).Length;
    }

    /// <exception cref="InvalidDataException">It is no record, or damaged; the sentence says which.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static (DecisionRecord Record, byte[] Pixels) Read(string path)
    {
        using var file = File.OpenRead(path);
        var record = Header(file, path);
        var picture = record.Inputs.Picture;
        byte[] pixels;
        try
        {
            pixels = new byte[Vision.PictureView.SizeOf(picture.Width, picture.Height, picture.Format)];
            using var inflated = new ZLibStream(file, CompressionMode.Decompress);
            inflated.ReadExactly(pixels);
            if (inflated.ReadByte() >= 0) throw new InvalidDataException("more follows than a frame");
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ArgumentException)
        {
            throw new InvalidDataException($"{path} is damaged: its frame of {picture.Width}x{picture.Height} cannot be unpacked ({e.Message.TrimEnd('.')}).", e);
        }
        return (record, pixels);
    }

    public static string Sha256(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, digest);
        return Convert.ToHexStringLower(digest);
    }

    private static DecisionRecord Header(FileStream file, string path)
    {
        var line = new MemoryStream();
        while (true)
        {
            var next = file.ReadByte();
            if (next == '\n') break;
            if (next < 0 || line.Length == MostHeaderBytes) throw new InvalidDataException($"{path} is no decision record: it does not begin with a line of JSON.");
            line.WriteByte((byte)next);
        }
        try
        {
            var record = JsonSerializer.Deserialize(line.GetBuffer().AsSpan(0, (int)line.Length), DecisionJson.Default.DecisionRecord) ?? throw new JsonException("it says null");
            return record.Format == 1 ? record : throw new JsonException($"its form is {record.Format}, this agent reads 1");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is no decision record: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
