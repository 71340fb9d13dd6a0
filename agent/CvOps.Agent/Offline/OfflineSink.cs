using CvOps.Agent.Inference;

namespace CvOps.Agent.Offline;

/// <summary>Takes each result where it belongs: the count, the lines, the pictures. The first failure ends the run; no result after it is taken.</summary>
internal sealed class OfflineSink(FrameNotes notes, OfflineTally tally, ResultLines? lines, FrameSaver? saver, Action stop) : IInspectedFrameSink
{
    private volatile Exception? _failure;

    /// <summary>Why no further result was taken; null when all were.</summary>
    public Exception? Failure => _failure;

    public void Inspected(in InspectedFrame inspected)
    {
        if (_failure is not null) return;
        try
        {
            var file = TakeNotes(inspected.Frame.Number);
            tally.Add(inspected, file);
            lines?.Write(inspected, file);
            saver?.Save(inspected, file);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Fail(e);
        }
    }

    /// <summary>After the last frame: pictures at the end that could not be read.</summary>
    public void Finish()
    {
        if (_failure is not null) return;
        try
        {
            TakeNotes(long.MaxValue);
        }
        catch (OfflineException e)
        {
            Fail(e);
        }
    }

    /// <returns>The file of the frame itself; null when it has none.</returns>
    private string? TakeNotes(long upTo)
    {
        string? file = null;
        while (notes.TryTake(upTo, out var note))
        {
            if (note.Problem is null)
            {
                file = note.File;
                continue;
            }
            tally.Add(note);
            lines?.Write(note);
        }
        return file;
    }

    private void Fail(Exception e)
    {
        _failure = e;
        stop();
    }
}
