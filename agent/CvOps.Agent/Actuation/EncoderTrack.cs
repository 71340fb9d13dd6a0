namespace CvOps.Agent.Actuation;

/// <summary>
/// Where the belt was when: counts an encoder's edges and remembers the last seconds, since a frame's decision comes long after its capture.
/// Pure; allocates nothing. One thread at a time.
/// </summary>
internal sealed class EncoderTrack
{
    // One sample a millisecond at most: four seconds at full speed, more on a slow belt.
    private const int Capacity = 4096;
    private static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(1);

    private readonly LineMoment[] _samples = new LineMoment[Capacity];
    private long _count;

    /// <summary>Edges so far.</summary>
    public long Position { get; private set; }

    public void Edge(TimeSpan at)
    {
        Position++;
        if (_count > 0 && at - _samples[(_count - 1) % Capacity].At < Resolution) return;
        _samples[_count++ % Capacity] = new LineMoment(at, Position);
    }

    /// <summary>The count at a moment of the past: interpolated between samples, the oldest one's before them.</summary>
    public long PositionAt(TimeSpan at)
    {
        if (_count == 0) return Position;
        var (low, high) = (Math.Max(0, _count - Capacity), _count - 1);
        var first = _samples[low % Capacity];
        // Before the first edge of all the belt stood still at 0.
        if (at < first.At) return low == 0 ? first.Position - 1 : first.Position;
        if (at >= _samples[high % Capacity].At) return Latest(at, _samples[high % Capacity]);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (_samples[middle % Capacity].At <= at) low = middle;
            else high = middle;
        }
        var (before, after) = (_samples[low % Capacity], _samples[high % Capacity]);
        return before.Position + (long)((after.Position - before.Position) * ((at - before.At) / (after.At - before.At)));
    }

    // Edges less than a sample's distance ago are counted and not yet sampled.
    private long Latest(TimeSpan at, LineMoment last) => at - last.At >= Resolution ? Position : last.Position;
}
