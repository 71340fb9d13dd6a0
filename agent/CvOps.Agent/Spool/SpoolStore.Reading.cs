namespace CvOps.Agent.Spool;

/// <summary>What the reader asks for each record.</summary>
internal sealed partial class SpoolStore
{
    /// <summary>Bytes of whole records in the segment that begins with this position; 0 when it is gone.</summary>
    public long BytesOf(long first)
    {
        lock (_lock)
        {
            for (var index = _segments.Count - 1; index >= 0; index--)
            {
                if (_segments[index].First == first) return _segments[index].Bytes;
            }
            return 0;
        }
    }
}
