using Microsoft.Win32.SafeHandles;

namespace CvOps.Agent.Spool;

/// <summary>Reads the spool in order, from just behind the cursor. Skips what was evicted meanwhile, and the rest of a damaged segment.</summary>
internal sealed class SpoolReader(SpoolStore store) : IDisposable
{
    private SafeFileHandle? _file;
    private long _segment;
    private long _offset;

    /// <summary>Position to read next.</summary>
    public long Next { get; private set; } = store.Acknowledged + 1;

    /// <returns>The next record; null when there is none yet.</returns>
    /// <exception cref="IOException">The disk can't be read.</exception>
    public SpoolRecord? TryRead()
    {
        while (store.Find(Next) is { } found)
        {
            if ((_file is null || found.First != _segment) && !Open(found.Path, found.First)) continue;
            if (Next < found.First) Next = found.First;
            SpoolRecord? record = null;
            _offset = SpoolSegment.Scan(_file!, _offset, Next, bytes =>
            {
                record = SpoolRecord.Read(bytes.Span);
                return false;
            });
            if (record is not null)
            {
                Next = record.Position + 1;
                return record;
            }
            // Nothing whole where the store has a record: this segment is damaged from here on.
            if (!SkipRest(found.First)) return null;
        }
        return null;
    }

    public void Dispose() => _file?.Dispose();

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
