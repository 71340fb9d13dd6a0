namespace CvOps.Agent.Spool;

/// <summary>
/// Whose turn it is on a shared way: start-time fair queueing (Goyal, Vin and Cheng, 1996). Whoever waits gets bytes in proportion to its share of those
/// that wait, so nobody starves; who comes back after a pause gets no credit for it. Pure.
/// </summary>
internal sealed class FairShare(IReadOnlyList<int> shares)
{
    // Shares are at most 1000: a byte stays countable.
    private const long Scale = 1000;

    private readonly long[] _finish = new long[shares.Count];
    private long _now;

    /// <param name="ready">Who has something to send.</param>
    /// <returns>Index of the next; the first of several that are level; -1 when nobody is ready.</returns>
    public int Next(ReadOnlySpan<bool> ready)
    {
        var (best, least) = (-1, long.MaxValue);
        for (var index = 0; index < ready.Length; index++)
        {
            if (!ready[index] || Math.Max(_finish[index], _now) is var start && start >= least) continue;
            (best, least) = (index, start);
        }
        return best;
    }

    /// <summary>It sent so much.</summary>
    public void Charge(int index, long bytes)
    {
        _now = Math.Max(_finish[index], _now);
        _finish[index] = _now + (bytes * Scale / shares[index]);
    }
}
