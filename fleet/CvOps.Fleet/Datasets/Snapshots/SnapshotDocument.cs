using System.Buffers;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Snapshots;

/// <summary>
/// A snapshot's document: a JSON line an entry, by frame id in the order of its bytes. However long it is, an entry is found by halving, and it is read a line at a time.
/// </summary>
internal sealed class SnapshotDocument(string path)
{
    private const int Block = 1 << 16;

    /// <summary>The entries after that frame, in their order; all of them for null.</summary>
    public IEnumerable<DatasetEntry> Read(string? after = null) => Lines(after).Select(line => line.Entry);

    /// <summary>As <see cref="Read"/>, before anybody looks at more than the frame's id.</summary>
    public IEnumerable<SnapshotLine> Lines(string? after = null)
    {
        using var file = Open();
        var from = 0L;
        if (after is not null)
        {
            from = Seek(file, after);
            if (LineAt(file, from) is { Length: > 0 } line && IdOf(line).AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(after))) from += line.Length + 1;
        }
        file.Seek(from, SeekOrigin.Begin);
        using var lines = new StreamReader(file, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, Block, leaveOpen: true);
        while (lines.ReadLine() is { Length: > 0 } line) yield return new SnapshotLine(line);
    }

    /// <returns>The frame's entry; null when the snapshot does not have it.</returns>
    public DatasetEntry? Find(string frame)
    {
        using var file = Open();
        var line = LineAt(file, Seek(file, frame));
        return line.Length > 0 && IdOf(line).AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(frame)) ? JsonSerializer.Deserialize(line, ContractsJson.Default.DatasetEntry) : null;
    }

    private FileStream Open() => new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);

    /// <summary>Where the first line begins whose frame is not before that one.</summary>
    private static long Seek(FileStream file, string frame)
    {
        var wanted = Encoding.UTF8.GetBytes(frame);
        var (low, high) = (0L, file.Length);
        while (low < high)
        {
            var start = StartOfLine(file, low + (high - low) / 2, low);
            var line = LineAt(file, start);
            if (IdOf(line).AsSpan().SequenceCompareTo(wanted) < 0) low = start + line.Length + 1;
            else high = start;
        }
        return low;
    }

    /// <summary>Of the line in which that byte lies; its line end belongs to it.</summary>
    private static long StartOfLine(FileStream file, long at, long least)
    {
        Span<byte> buffer = stackalloc byte[1024];
        while (at > least)
        {
            var from = Math.Max(least, at - buffer.Length);
            var read = RandomAccess.Read(file.SafeFileHandle, buffer[..(int)(at - from)], from);
            var end = buffer[..read].LastIndexOf((byte)'\n');
            if (end >= 0) return from + end + 1;
            at = from;
        }
        return least;
    }

    /// <summary>Without its end; empty at the end of the file.</summary>
    private static byte[] LineAt(FileStream file, long start)
    {
        var line = new ArrayBufferWriter<byte>(1024);
        while (RandomAccess.Read(file.SafeFileHandle, line.GetSpan(1024), start + line.WrittenCount) is var read and > 0)
        {
            var end = line.GetSpan()[..read].IndexOf((byte)'\n');
            line.Advance(end < 0 ? read : end);
            if (end >= 0) break;
        }
        return line.WrittenSpan.ToArray();
    }

    private static byte[] IdOf(byte[] line)
    {
        var reader = new Utf8JsonReader(line);
        while (reader.Read())
        {
            if (reader is not { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 }) continue;
            var named = reader.ValueTextEquals("frameId"u8);
            reader.Read();
            if (named) return Encoding.UTF8.GetBytes(reader.GetString()!);
            reader.Skip();
        }
        throw new InvalidDataException("A line of a dataset snapshot has no frame.");
    }
}

/// <summary>An entry as it is written.</summary>
internal readonly record struct SnapshotLine(string Json)
{
    private const string Start = "{\"frameId\":\"";

    public DatasetEntry Entry => JsonSerializer.Deserialize(Json, ContractsJson.Default.DatasetEntry)!;

    /// <summary>The frame's id. It comes first and, being a name, is written as it is.</summary>
    public string Frame
    {
        get
        {
            var end = Json.StartsWith(Start, StringComparison.Ordinal) ? Json.AsSpan(Start.Length).IndexOfAny('"', '\\') : -1;
            return end >= 0 && Json[Start.Length + end] == '"' ? Json.Substring(Start.Length, end) : Entry.FrameId;
        }
    }
}
