namespace CvOps.Agent.Offline;

/// <summary>Where <c>--seconds</c> ends an input: by the stream's own time, by the clock's for one that has none.</summary>
internal sealed class FrameLimit(OfflineOptions options, TimeProvider time)
{
    private TimeSpan? _first;
    private long _begun;

    /// <param name="at">The picture's time since the stream's start; null when it has none.</param>
    public bool Takes(TimeSpan? at)
    {
        if (options.Seconds is not { } seconds) return true;
        if (_begun == 0) _begun = time.GetTimestamp();
        var now = at ?? time.GetElapsedTime(_begun);
        _first ??= now;
        return (now - _first.Value).TotalSeconds < seconds;
    }
}
