using CvOps.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace CvOps.Agent.Spool;

/// <summary>One class's segment files and its cursor. One writer, one reader; both may call at once.</summary>
internal sealed partial class SpoolStore(string folder, ClassLimits limits, TimeProvider time, ILogger logger) : IDisposable
{
    // A sixteenth of the budget goes at a time when it is full.
    private readonly long _segmentBytes = Math.Clamp(limits.BudgetBytes / 16, 64 * 1024, 16 * 1024 * 1024);
    private readonly Lock _lock = new();
    private readonly SpoolAges _ages = new();
    private List<SpoolSegment> _segments = [];
    private SpoolCursor? _cursor;
    private SafeFileHandle? _active;
    private SpoolSegment? _current;
    private long _last;
    private long _bytes;
    private (long Last, int Bytes) _unsynced;

    public SpoolClass Class => limits.Class;

    public ClassLimits Limits => limits;

    public string Folder => folder;

    /// <summary>Position of the last record on disk.</summary>
    public long Last => Interlocked.Read(ref _last);

    /// <summary>Position the next record gets.</summary>
    public long Next => Last + 1;

    /// <summary>Position of the last acknowledged record.</summary>
    public long Acknowledged => _cursor?.Position ?? 0;

    /// <summary>Bytes of all segments.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public long WaitingMessages
    {
        get { lock (_lock) return _segments.Count == 0 ? 0 : Math.Max(0, _last - Math.Max(Acknowledged, _segments[0].First - 1)); }
    }

    /// <summary>Bytes of the segments that hold something unacknowledged.</summary>
    public long WaitingBytes => WaitingMessages == 0 ? 0 : Bytes;

    /// <summary>For how long the oldest message that is not acknowledged has waited; zero when there is none, or the clock went back.</summary>
    public TimeSpan Waiting
    {
        get
        {
            long first;
            lock (_lock)
            {
                if (_segments.Count == 0) return TimeSpan.Zero;
                first = Math.Max(Acknowledged + 1, _segments[0].First);
                if (first > _last) return TimeSpan.Zero;
            }
            return _ages.WrittenAt(first) is { } at && Now > at ? TimeSpan.FromMilliseconds(Now - at) : TimeSpan.Zero;
        }
    }

    /// <summary>Milliseconds since 1970 by the device's clock.</summary>
    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Finds what an earlier run left, and cuts off what it did not finish writing.</summary>
    /// <exception cref="IOException">The folder can't be used.</exception>
    public void Open()
    {
        // Again, when it failed half-way.
        Close();
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            // Or a power cut loses the folder with everything that is durable in it.
            DurableFile.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(folder))!);
        }
        _cursor = new SpoolCursor(folder, time);
        var segments = SpoolSegment.List(folder);
        var last = _cursor.Position;
        if (segments.Count > 0)
        {
            var newest = segments[^1];
            _active = File.OpenHandle(newest.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            var records = 0L;
            var whole = SpoolSegment.Scan(_active, 0, newest.First, _ => { records++; return true; });
            if (whole < newest.Bytes)
            {
                Log.TornTail(logger, newest.Path, newest.Bytes - whole, records);
                RandomAccess.SetLength(_active, whole);
                DurableFile.Sync(_active);
                newest.Bytes = whole;
            }
            _current = newest;
            last = newest.First + records - 1;
        }
        // The log was lost and the cursor was not: go on behind it, in a new segment.
        if (last < _cursor.Position)
        {
            Close();
            last = _cursor.Position;
        }
        lock (_lock)
        {
            _segments = segments;
            _last = last;
            _bytes = segments.Sum(segment => segment.Bytes);
        }
        RemoveAcknowledged();
        NoteOldest();
    }

    /// <summary>Writes records behind the last; nobody sees them before <see cref="Sync"/>, and after a failure <see cref="Abandon"/> is due.</summary>
    /// <exception cref="IOException">The disk is full, broken or read-only.</exception>
    public void Write(int count, ReadOnlyMemory<byte> records)
    {
        var segment = _current is { } current && current.Bytes < _segmentBytes ? current : Begin();
        _unsynced = (_last + count, records.Length);
        RandomAccess.Write(_active!, records.Span, segment.Bytes);
    }

    /// <summary>Makes what was written durable and shows it to the reader.</summary>
    /// <exception cref="IOException">The disk is full, broken or read-only; nobody knows what of it is on disk.</exception>
    public void Sync()
    {
        DurableFile.Sync(_active!);
        _ages.Written(Next, Now);
        lock (_lock)
        {
            _current!.Bytes += _unsynced.Bytes;
            _bytes += _unsynced.Bytes;
            _last = _unsynced.Last;
        }
    }

    /// <summary>
    /// Leaves the segment after a failed write or sync: after a failed fsync the kernel calls pages clean that never reached the disk, so another
    /// fsync of this file would say nothing. What stands in it stays; what comes goes into a new one.
    /// </summary>
    public void Abandon()
    {
        if (_current is null) return;
        try
        {
            RandomAccess.SetLength(_active!, _current.Bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then its tail is passed over: a segment ends where the next one's name says it begins.
        }
        Close();
    }

    /// <exception cref="IOException">The cursor moved, but could not be saved.</exception>
    public void Acknowledge(long position)
    {
        _cursor?.MoveTo(Math.Min(position, Last));
        RemoveAcknowledged();
    }

    public void Dispose()
    {
        Close();
        _cursor?.Save();
    }

    private void Close()
    {
        _active?.Dispose();
        (_active, _current) = (null, null);
    }

    private SpoolSegment Begin()
    {
        Close();
        var first = Next;
        var path = SpoolSegment.PathOf(folder, first);
        // One of that name holds nothing that counts: it was begun and abandoned.
        File.Delete(path);
        _active = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        // Without this a power cut could lose the new file's name, with everything in it.
        DurableFile.SyncFolder(folder);
        var segment = new SpoolSegment(path, first, 0);
        lock (_lock)
        {
            if (_segments.Count > 0 && _segments[^1].First == first) _segments.RemoveAt(_segments.Count - 1);
            _segments.Add(segment);
        }
        _current = segment;
        return segment;
    }

    /// <summary>What an earlier run left has waited since the segment of its first message was begun, or less.</summary>
    private void NoteOldest()
    {
        if (WaitingMessages == 0) return;
        var segment = _segments[0];
        using var file = File.OpenHandle(segment.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        SpoolSegment.Scan(file, 0, segment.First, record =>
        {
            if (SpoolRecord.WrittenAtOf(record.Span) is > 0 and var at) _ages.Written(segment.First, at);
            return false;
        });
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
                oldest = TakeOldest();
            }
            File.Delete(oldest.Path);
        }
    }

    /// <summary>Under the lock.</summary>
    private SpoolSegment TakeOldest()
    {
        var oldest = _segments[0];
        _segments.RemoveAt(0);
        _bytes -= oldest.Bytes;
        return oldest;
    }

    private static partial class Log
    {
        [LoggerMessage(2011, LogLevel.Warning, "{Path} ended in {Bytes} bytes that were not written to the end; {Records} records before them stand")]
        public static partial void TornTail(ILogger logger, string path, long bytes, long records);
    }
}
