using System.Collections.Concurrent;
using CvOps.Agent.Update;
using CvOps.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace CvOps.Agent.Spool;

/// <summary>The segment files: appends, keeps the budget, finds what to read. One writer, one reader; both may call at once.</summary>
internal sealed partial class SpoolStore(string folder, long budgetBytes, TimeProvider time, ILogger logger) : IDisposable
{
    // A sixteenth of the budget goes at a time when it is full.
    private readonly long _segmentBytes = Math.Clamp(budgetBytes / 16, 64 * 1024, 16 * 1024 * 1024);
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<TopicKind, long> _evicted = new();
    private List<SpoolSegment> _segments = [];
    private SpoolCursor? _cursor;
    private SafeFileHandle? _active;
    private long _last;

    public string Folder => folder;

    public long BudgetBytes => budgetBytes;

    public IReadOnlyDictionary<TopicKind, long> Evicted => _evicted;

    /// <summary>Position of the last record on disk.</summary>
    public long Last => Interlocked.Read(ref _last);

    /// <summary>Position the next record gets.</summary>
    public long Next => Last + 1;

    /// <summary>Position of the last acknowledged record.</summary>
    public long Acknowledged => _cursor?.Position ?? 0;

    public long WaitingMessages
    {
        get { lock (_lock) return _segments.Count == 0 ? 0 : Math.Max(0, _last - Math.Max(Acknowledged, _segments[0].First - 1)); }
    }

    /// <summary>Bytes of the segments that hold something unacknowledged.</summary>
    public long WaitingBytes
    {
        get { lock (_lock) return Acknowledged >= _last ? 0 : _segments.Sum(segment => segment.Bytes); }
    }

    /// <summary>Finds what an earlier run left, and cuts off what it did not finish writing.</summary>
    /// <exception cref="IOException">The folder can't be used.</exception>
    public void Open()
    {
        Directory.CreateDirectory(folder);
        _cursor = new SpoolCursor(folder, time);
        var segments = SpoolSegment.List(folder);
        var last = _cursor.Position;
        if (segments.Count > 0)
        {
            var newest = segments[^1];
            var file = File.OpenHandle(newest.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            try
            {
                var records = 0L;
                var whole = SpoolSegment.Scan(file, 0, newest.First, _ => { records++; return true; });
                if (whole < newest.Bytes)
                {
                    Log.TornTail(logger, newest.Path, newest.Bytes - whole, records);
                    RandomAccess.SetLength(file, whole);
                    RandomAccess.FlushToDisk(file);
                    newest.Bytes = whole;
                }
                last = newest.First + records - 1;
            }
            catch
            {
                file.Dispose();
                throw;
            }
            _active = file;
        }
        if (last < _cursor.Position)
        {
            // The log was lost and the cursor was not: go on behind it, in a new segment.
            _active?.Dispose();
            _active = null;
            last = _cursor.Position;
        }
        lock (_lock)
        {
            _segments = segments;
            _last = last;
        }
        RemoveAcknowledged();
    }

    /// <summary>Writes records and makes them durable; on failure nothing of them remains.</summary>
    /// <exception cref="IOException">The disk is full, broken or read-only.</exception>
    public void Append(long first, int count, ReadOnlyMemory<byte> records)
    {
        var segment = _active is null || _segments[^1].Bytes >= _segmentBytes ? Begin(first) : _segments[^1];
        var before = segment.Bytes;
        try
        {
            RandomAccess.Write(_active!, records.Span, before);
            RandomAccess.FlushToDisk(_active!);
        }
        catch
        {
            // What was half written would be in the way of the next record.
            Undo(before);
            throw;
        }
        lock (_lock)
        {
            segment.Bytes = before + records.Length;
            _last = first + count - 1;
        }
        KeepBudget();
    }

    /// <exception cref="IOException">The cursor moved, but could not be saved.</exception>
    public void Acknowledge(long position)
    {
        _cursor?.MoveTo(Math.Min(position, Last));
        RemoveAcknowledged();
    }

    /// <summary>The segment that holds a position; when that is gone, the oldest behind it. Null when there is nothing behind it.</summary>
    public (string Path, long First, long Bytes)? Find(long position)
    {
        lock (_lock)
        {
            if (position > _last || _segments.Count == 0) return null;
            var index = _segments.FindLastIndex(segment => segment.First <= position);
            var found = _segments[Math.Max(index, 0)];
            return (found.Path, found.First, found.Bytes);
        }
    }

    /// <summary>First position of the segment behind this one; null when it is the last.</summary>
    public long? FirstAfter(long segment)
    {
        lock (_lock) return _segments.Find(candidate => candidate.First > segment)?.First;
    }

    public void Dispose()
    {
        _active?.Dispose();
        _cursor?.Save();
    }

    private SpoolSegment Begin(long first)
    {
        var path = SpoolSegment.PathOf(folder, first);
        var file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        // Without this a power cut could lose the new file's name, with everything in it.
        DurableFile.SyncFolder(folder);
        _active?.Dispose();
        _active = file;
        var segment = new SpoolSegment(path, first, 0);
        lock (_lock)
        {
            if (_segments.Count > 0 && _segments[^1].First == first) _segments.RemoveAt(_segments.Count - 1);
            _segments.Add(segment);
        }
        return segment;
    }

    private void Undo(long length)
    {
        try
        {
            RandomAccess.SetLength(_active!, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then a new file, which the next record's position names: this one's tail is cut when it is opened again.
            _active?.Dispose();
            _active = null;
        }
    }

    private void RemoveAcknowledged()
    {
        while (true)
        {
            SpoolSegment oldest;
            lock (_lock)
            {
                // The segment in use stays: its name carries the position on.
                if (_segments.Count < 2 || _segments[1].First - 1 > Acknowledged) return;
                oldest = _segments[0];
                _segments.RemoveAt(0);
            }
            File.Delete(oldest.Path);
        }
    }

    private void KeepBudget()
    {
        while (true)
        {
            SpoolSegment oldest;
            lock (_lock)
            {
                if (_segments.Count < 2 || _segments.Sum(segment => segment.Bytes) <= budgetBytes) return;
                oldest = _segments[0];
                _segments.RemoveAt(0);
            }
            Evict(oldest);
        }
    }

    private void Evict(SpoolSegment segment)
    {
        var given = 0L;
        using (var file = File.OpenHandle(segment.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
        {
            SpoolSegment.Scan(file, 0, segment.First, bytes =>
            {
                var record = SpoolRecord.Read(bytes.Span);
                if (record.Position <= Acknowledged || !Topics.TryParse(record.Topic, out var topic)) return true;
                _evicted.AddOrUpdate(topic.Kind, 1, (_, before) => before + 1);
                given++;
                return true;
            });
        }
        File.Delete(segment.Path);
        Log.Evicted(logger, given, segment.Bytes);
    }

    private static partial class Log
    {
        [LoggerMessage(2011, LogLevel.Warning, "{Path} ended in {Bytes} bytes that were not written to the end; {Records} records before them stand")]
        public static partial void TornTail(ILogger logger, string path, long bytes, long records);

        [LoggerMessage(2012, LogLevel.Warning, "The spool's budget is used up: the oldest {Messages} messages ({Bytes} bytes) were given up")]
        public static partial void Evicted(ILogger logger, long messages, long bytes);
    }
}
