namespace CvOps.Agent.Update.Fetch;

/// <summary>Holds a stream of bytes to a rate. Safe from any thread: all who take share it.</summary>
/// <param name="megabytesPerSecond">10^6 bytes a second; 0: no limit.</param>
internal sealed class RateLimit(double megabytesPerSecond, TimeProvider time)
{
    private const double Megabyte = 1e6;
    private const double BurstSeconds = 0.25;

    private readonly Lock _gate = new();
    private readonly TokenBucket? _bucket = megabytesPerSecond > 0 ? new TokenBucket(megabytesPerSecond * Megabyte, (long)(megabytesPerSecond * Megabyte * BurstSeconds)) : null;
    private readonly long _began = time.GetTimestamp();

    /// <summary>Bytes have passed; returns when the next may.</summary>
    public Task PassedAsync(int bytes, CancellationToken cancellation)
    {
        if (_bucket is null) return Task.CompletedTask;
        TimeSpan pause;
        lock (_gate) pause = _bucket.Take(bytes, time.GetElapsedTime(_began));
        return pause > TimeSpan.Zero ? Task.Delay(pause, time, cancellation) : Task.CompletedTask;
    }
}
