namespace CvOps.Agent.Update.Fetch;

/// <summary>
/// A token bucket whose tokens are bytes. What was taken is taken, and whoever took too much is told how long to pause, so pieces of any size keep
/// the rate over time. Pure: the time is the caller's.
/// </summary>
/// <param name="bytesPerSecond">Above 0.</param>
/// <param name="burst">Bytes that may pass at once after a pause.</param>
internal sealed class TokenBucket(double bytesPerSecond, long burst)
{
    private double _tokens = burst;
    private TimeSpan _at;

    /// <param name="now">Of any clock that never goes back.</param>
    /// <returns>How long to pause before the next bytes.</returns>
    public TimeSpan Take(int bytes, TimeSpan now)
    {
        _tokens = Math.Min(burst, _tokens + ((now - _at).TotalSeconds * bytesPerSecond)) - bytes;
        _at = now;
        return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / bytesPerSecond);
    }
}
