namespace CvOps.Agent.Spool;

/// <summary>What the reader asks.</summary>
internal sealed partial class SpoolStore
{
    /// <summary>How far the segment that begins with this position may be read: its bytes, and the position that the one behind it begins with. Zeros when it is gone.</summary>
    public (long Bytes, long Behind) Extent(long first)
    {
        lock (_lock)
        {
            for (var index = _segments.Count - 1; index >= 0; index--)
            {
                if (_segments[index].First == first) return (_segments[index].Bytes, BehindOf(index));
            }
            return (0, 0);
        }
    }

    /// <summary>The segment that holds a position; when that is gone, the oldest behind it. Null when there is nothing behind it.</summary>
    public (string Path, long First)? Find(long position)
    {
        lock (_lock)
        {
            if (position > _last || _segments.Count == 0) return null;
            var index = _segments.Count - 1;
            while (index > 0 && _segments[index].First > position) index--;
            return (_segments[index].Path, _segments[index].First);
        }
    }

    /// <summary>First position of the segment behind this one; null when it is the last.</summary>
    public long? FirstAfter(long segment)
    {
        lock (_lock)
        {
            foreach (var candidate in _segments)
            {
                if (candidate.First > segment) return candidate.First;
            }
            return null;
        }
    }

    private long BehindOf(int index) => index + 1 < _segments.Count ? _segments[index + 1].First : long.MaxValue;
}
