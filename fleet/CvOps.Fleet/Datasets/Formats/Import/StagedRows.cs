using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Formats.Import;

/// <summary>What an import will do with one frame.</summary>
/// <param name="Entry">The picture's file when the frame is new; null for one that is here and gets another label.</param>
/// <param name="Frame">As it will be.</param>
/// <param name="Before">When the frame that is here was labelled, as it was looked at; null without a label. It must not have changed since.</param>
internal sealed record StagedRow(string? Entry, FrameView Frame, DateTimeOffset? Before);

/// <summary>The rows of an import between looking at all of them and writing any: on the disk, for there may be many.</summary>
internal sealed class StagedRows(string path) : IDisposable
{
    private readonly BinaryWriter _writer = new(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16));

    public int Count { get; private set; }

    public void Add(StagedRow row)
    {
        Count++;
        _writer.Write(row.Entry ?? "");
        _writer.Write(row.Before?.UtcTicks ?? 0);
        var body = JsonSerializer.SerializeToUtf8Bytes(row.Frame, ContractsJson.Default.FrameView);
        _writer.Write(body.Length);
        _writer.Write(body);
    }

    /// <summary>Every row, in the order in which they were added; none may be added afterwards.</summary>
    public IEnumerable<StagedRow> Read()
    {
        _writer.Flush();
        using var reader = new BinaryReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16));
        for (var i = 0; i < Count; i++)
        {
            var (entry, before) = (reader.ReadString(), reader.ReadInt64());
            var body = reader.ReadBytes(reader.ReadInt32());
            yield return new StagedRow(entry.Length == 0 ? null : entry, JsonSerializer.Deserialize(body, ContractsJson.Default.FrameView)!, before == 0 ? null : new DateTimeOffset(before, TimeSpan.Zero));
        }
    }

    public void Dispose() => _writer.Dispose();
}
