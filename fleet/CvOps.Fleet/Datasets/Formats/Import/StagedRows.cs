using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;

namespace CvOps.Fleet.Datasets.Formats.Import;

/// <summary>A picture that becomes a frame.</summary>
/// <param name="Entry">The picture's file.</param>
internal sealed record StagedFrame(string Entry, FrameView Frame);

/// <summary>What an import will write, between looking at all of it and writing any: on the disk, for there may be much.</summary>
/// <param name="folder">The import's own.</param>
internal sealed class StagedRows(string folder) : IDisposable
{
    private readonly RowFile _frames = new(Path.Combine(folder, "frames"));

    public int Count => Frames + Labels.Count;

    /// <summary>How many pictures become frames.</summary>
    public int Frames { get; private set; }

    public StagedLabels Labels { get; } = new(Path.Combine(folder, "labels"));

    public void Add(StagedFrame row)
    {
        Frames++;
        _frames.Write(row.Entry);
        _frames.Write(JsonSerializer.Serialize(row.Frame, ContractsJson.Default.FrameView));
    }

    /// <summary>In the order in which they were added; none may be added afterwards.</summary>
    public IEnumerable<StagedFrame> ReadFrames()
    {
        using var file = _frames.Read();
        for (var i = 0; i < Frames; i++) yield return new StagedFrame(RowFile.Text(file)!, FrameTable.Parse(RowFile.Text(file)!));
    }

    public void Dispose()
    {
        _frames.Dispose();
        Labels.Dispose();
    }
}
