namespace CvOps.Agent.Link.IotHub;

/// <summary>One pause for all messages that a busy hub turned away together, longer each time until it takes one again.</summary>
internal sealed class ThrottlePause(Backoff backoff, TimeProvider time)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _until;

    /// <summary>The hub turned something away.</summary>
    /// <returns>How long to wait.</returns>
    public TimeSpan Next()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (now >= _until) _until = now + backoff.Next();
            return _until - now;
        }
    }

    /// <summary>The hub took something.</summary>
    public void Passed()
    {
        lock (_lock)
        {
            if (time.GetUtcNow() >= _until) backoff.Reset();
        }
    }
}
