namespace CvOps.Agent.Offline;

/// <summary>Milliseconds of one stage over a run of any length: the mean exactly, percentiles within half a percent. One thread.</summary>
internal sealed class StageTimes
{
    private const double LeastMs = 0.001;
    private const double Step = 1.01;

    // Up to 100 s.
    private const int Buckets = 1852;

    private readonly long[] _counts = new long[Buckets];
    private long _count;
    private double _sum;

    public double MeanMs => _count == 0 ? 0 : _sum / _count;

    public void Add(double ms)
    {
        _count++;
        _sum += ms;
        _counts[ms <= LeastMs ? 0 : Math.Min(Buckets - 1, (int)Math.Log(ms / LeastMs, Step))]++;
    }

    /// <param name="part">0..1.</param>
    /// <returns>Nearest rank; 0 without times.</returns>
    public double PercentileMs(double part)
    {
        var rank = (long)Math.Ceiling(part * _count);
        if (rank == 0) return 0;
        var (bucket, below) = (0, 0L);
        while ((below += _counts[bucket]) < rank) bucket++;
        return LeastMs * Math.Pow(Step, bucket + 0.5);
    }
}
