using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Spool;

/// <summary>What makes room. Called by the writer alone.</summary>
internal sealed partial class SpoolStore
{
    /// <summary>Whether there is a segment to give up.</summary>
    public bool HasSegments
    {
        get { lock (_lock) return _segments.Count > 0; }
    }

    /// <summary>Whether nothing in the oldest segment is worth sending any more.</summary>
    /// <exception cref="IOException">The disk can't be read.</exception>
    public bool OldestExpired
    {
        get
        {
            SpoolSegment oldest;
            long behind;
            lock (_lock)
            {
                if (limits.TimeToLive <= TimeSpan.Zero || _segments.Count == 0) return false;
                (oldest, behind) = (_segments[0], BehindOf(0));
            }
            // The one in use still grows; of the others the newest record says it for all.
            if (behind == long.MaxValue) return Expired(NewestIn(oldest, behind));
            oldest.NewestAt ??= NewestIn(oldest, behind);
            return Expired(oldest.NewestAt.Value);
        }
    }

    public bool Expired(long writtenAt) => TimeToLive.IsOver(writtenAt, Now, limits.TimeToLive);

    /// <summary>Gives the segment in use back to the disk when the fleet has all of it.</summary>
    /// <returns>Whether that made room. False also where the cursor can't be saved, as on a disk without any room: the segment stays, to be given up as a whole.</returns>
    public bool DropAcknowledged()
    {
        lock (_lock)
        {
            if (_segments.Count != 1 || _segments[0].Bytes == 0 || Acknowledged < _last) return false;
        }
        try
        {
            // Its name carried the position on; now the cursor has to.
            _cursor!.Save();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
        // Only the writer, who is here, adds segments or takes away the last.
        SpoolSegment oldest;
        lock (_lock) oldest = TakeOldest();
        Close();
        File.Delete(oldest.Path);
        return true;
    }

    /// <summary>Gives up the oldest segment, also the one in use; what the fleet has not acknowledged of it is counted.</summary>
    /// <returns>How many messages that were, and how many of them had expired.</returns>
    public (long Messages, long Expired) Evict(SpoolLosses losses)
    {
        SpoolSegment oldest;
        long behind;
        lock (_lock)
        {
            if (_segments.Count == 0) return default;
            behind = BehindOf(0);
            oldest = TakeOldest();
        }
        if (behind == long.MaxValue) Close();
        var (given, expired) = (0L, 0L);
        using (var file = File.OpenHandle(oldest.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
        {
            SpoolSegment.Scan(file, 0, oldest.First, bytes =>
            {
                var record = bytes.Span;
                var position = SpoolRecord.PositionOf(record);
                if (position >= behind || position > _last) return false;
                if (position <= Acknowledged) return true;
                var over = Expired(SpoolRecord.WrittenAtOf(record));
                losses.Count(SpoolTopic.KindOf(SpoolRecord.TopicOf(record)), over ? SpoolLossReason.Expired : SpoolLossReason.Budget);
                given++;
                if (over) expired++;
                return true;
            });
        }
        File.Delete(oldest.Path);
        return (given, expired);
    }

    private static long NewestIn(SpoolSegment segment, long behind)
    {
        var newest = 0L;
        using var file = File.OpenHandle(segment.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        SpoolSegment.Scan(file, 0, segment.First, bytes =>
        {
            if (SpoolRecord.PositionOf(bytes.Span) >= behind) return false;
            newest = SpoolRecord.WrittenAtOf(bytes.Span);
            return true;
        });
        return newest;
    }
}
