using Microsoft.Win32.SafeHandles;

namespace CvOps.Agent.Spool;

/// <summary>
/// Reads a class in order, from just behind the cursor. Skips what was evicted meanwhile, and the rest of a damaged segment.
/// Not safe for several threads.
/// </summary>
internal sealed class SpoolReader(SpoolStore store) : IDisposable
{
    private readonly Stack<SpoolRecord> _spare = new();
    private readonly TopicCache _topics = new();
    private readonly SegmentChunk _chunk = new();
    private SafeFileHandle? _file;
    private long _segment;
    private long _offset;

    /// <summary>Position to read next.</summary>
    public long Next { get; private set; } = store.Acknowledged + 1;

    /// <returns>The next record, the caller's until <see cref="Return"/>; null when there is none yet.</returns>
    /// <exception cref="IOException">The disk can't be read.</exception>
    public SpoolRecord? TryRead()
    {
        while (Next <= store.Last)
        {
            // Asked each time: a segment that was evicted while we were in it is not read on, though its file is still open.
            if (_file is not null && store.Extent(_segment) is var (end, behind) && end > _offset && Next < behind
                && _chunk.Record(_file, _offset, end, Next) is { IsEmpty: false } bytes)
            {
                if (!_spare.TryPop(out var record)) record = new SpoolRecord();
                record.Fill(bytes.Span, _topics);
                record.Class = store.Class;
                _offset += bytes.Length;
                Next++;
                return record;
            }
            if (store.Find(Next) is not { } found) return null;
            if (_file is null || found.First != _segment)
            {
                if (Open(found.Path, found.First) && Next < found.First) Next = found.First;
            }
            // Nothing whole where the store has a record: this segment is damaged from here on.
            else if (!SkipRest(found.First)) return null;
        }
        return null;
    }

    /// <summary>Takes a record back, to be filled again. One that somebody may still be reading is never given back.</summary>
    public void Return(SpoolRecord record)
    {
        record.Release();
        _spare.Push(record);
    }

    public void Dispose()
    {
        _file?.Dispose();
        _chunk.Dispose();
    }

    private bool Open(string path, long first)
    {
        _file?.Dispose();
        _file = null;
        try
        {
            _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return false; // Evicted between finding and opening it; the store knows by now.
        }
        _chunk.Forget();
        _segment = first;
        _offset = 0;
        if (Next > first)
        {
            var wanted = Next;
            _offset = SpoolSegment.Scan(_file, 0, first, bytes => SpoolRecord.PositionOf(bytes.Span) < wanted - 1);
        }
        return true;
    }

    private bool SkipRest(long segment)
    {
        var next = store.FirstAfter(segment);
        if (next is null) return false;
        Next = next.Value;
        return true;
    }
}
