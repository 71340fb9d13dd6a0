using System.Threading.Channels;
using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Datasets.Formats.Import;

/// <summary>Another label for a frame that is here: as columns, so that it is made into JSON once and read by nobody in between.</summary>
/// <param name="State">That the frame was in when it was looked at; it must not have changed since.</param>
/// <param name="LabelledAt">When it was labelled then, as the database has it; null for never.</param>
/// <param name="IsCompared">Whether a second model saw the frame, so that a rollout may ask for its label.</param>
internal sealed record StagedLabel(LabelColumns Columns, LabelState State, long? LabelledAt, bool IsCompared);

/// <summary>The labels that an import will write. Frames become columns and JSON on a core of their own, while the next pictures are looked at.</summary>
internal sealed class StagedLabels : IDisposable
{
    private const int Ahead = 32;

    private readonly Channel<(FrameView Before, FrameView After)> _waiting = Channel.CreateBounded<(FrameView, FrameView)>(new BoundedChannelOptions(Ahead) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true, SingleWriter = true });
    private readonly RowFile _file;
    private readonly Task _writing;

    public StagedLabels(string path)
    {
        _file = new RowFile(path);
        _writing = Task.Run(WriteAsync);
    }

    public int Count { get; private set; }

    /// <param name="before">The frame as it is.</param>
    /// <param name="after">As it will be.</param>
    public void Add(FrameView before, FrameView after)
    {
        Count++;
        // A writer that failed has completed the channel with its error, which comes out here.
        while (!_waiting.Writer.TryWrite((before, after)))
            if (!_waiting.Writer.WaitToWriteAsync().AsTask().GetAwaiter().GetResult()) throw new InvalidOperationException("A label came after the last.");
    }

    /// <summary>In the order in which they were added; none may be added afterwards.</summary>
    public IEnumerable<StagedLabel> Read()
    {
        _waiting.Writer.TryComplete();
        _writing.GetAwaiter().GetResult();
        using var file = _file.Read();
        for (var i = 0; i < Count; i++) yield return Read(file);
    }

    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        ((IAsyncResult)_writing).AsyncWaitHandle.WaitOne();
        _file.Dispose();
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var (before, after) in _waiting.Reader.ReadAllAsync()) Write(before, LabelColumns.Of(after));
        }
        catch (Exception e)
        {
            _waiting.Writer.TryComplete(e);
            throw;
        }
    }

    private void Write(FrameView before, LabelColumns columns)
    {
        _file.Write(columns.Id);
        _file.Write(columns.Device);
        _file.Write(columns.Camera);
        _file.Write((long)columns.State);
        _file.Write((long)columns.Usage);
        _file.Write(columns.LabelledAt);
        _file.Write(columns.LabelledBy);
        _file.Write(columns.LabelClasses);
        _file.Write(columns.LabelText);
        _file.Write((long?)columns.Verdict);
        _file.Write(columns.Body);
        _file.Write((long)before.State);
        _file.Write(before.Label is { } label ? SqlTime.Of(label.At) : null);
        _file.Write(before is { Device: not null, Shadow: not null } ? 1 : 0);
    }

    /// <summary>As <see cref="Write"/> has it.</summary>
    private static StagedLabel Read(BinaryReader file)
    {
        // Members of an initializer are set in the order in which they stand.
        var columns = new LabelColumns
        {
            Id = RowFile.Text(file)!, Device = RowFile.Text(file), Camera = RowFile.Text(file), State = (LabelState)RowFile.Number(file)!.Value, Usage = (FrameUse)RowFile.Number(file)!.Value,
            LabelledAt = RowFile.Number(file), LabelledBy = RowFile.Text(file), LabelClasses = RowFile.Text(file), LabelText = RowFile.Text(file), Verdict = (PartVerdict?)RowFile.Number(file), Body = RowFile.Text(file)!,
        };
        return new StagedLabel(columns, (LabelState)RowFile.Number(file)!.Value, RowFile.Number(file), RowFile.Number(file) == 1);
    }
}
