using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Drift;

/// <summary>How sound one camera's pictures are, over a window.</summary>
internal sealed class StreamTally(CameraMeter meter)
{
    private static readonly double[] AgeEdges = [.. Covariates.FrameAgeEdges];

    private readonly long[] _ages = new long[AgeEdges.Length + 1];
    private FrameStatistics _last;
    private long _unusable, _failed, _repeated;
    private long _damagesBefore = meter.StreamDamages;
    private long _frozenBefore = meter.FramesFrozen;

    public void Failed() => _failed++;

    /// <returns>Whether its picture may be counted.</returns>
    public bool Add(in InspectedFrame inspected, TimeSpan age)
    {
        var statistics = inspected.Statistics;
        var found = Array.BinarySearch(AgeEdges, age.TotalMilliseconds);
        _ages[found >= 0 ? found + 1 : ~found]++;
        var usable = statistics.IsUsable;
        if (!usable) _unusable++;
        else if (statistics == _last) _repeated++;
        _last = statistics;
        return usable;
    }

    public StreamCounts Counts()
    {
        var used = _ages.Length;
        while (used > 0 && _ages[used - 1] == 0) used--;
        return new StreamCounts
        {
            Unusable = Some(_unusable), Failed = Some(_failed), Damaged = Some(meter.StreamDamages - _damagesBefore), Repeated = Some(_repeated + meter.FramesFrozen - _frozenBefore),
            Ages = [.. _ages.Take(used)],
        };
    }

    public void Reported()
    {
        Array.Clear(_ages);
        (_unusable, _failed, _repeated) = (0, 0, 0);
        (_damagesBefore, _frozenBefore) = (meter.StreamDamages, meter.FramesFrozen);
    }

    private static long? Some(long count) => count > 0 ? count : null;
}
