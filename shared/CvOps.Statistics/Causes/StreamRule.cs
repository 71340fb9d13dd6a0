using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Statistics.Causes;

/// <summary>
/// Whether a camera's stream is sound, against what any stream may have: no training picture says how old or damaged a frame is, so the limits are
/// fixed. One-sided exact binomial test of a share above its limit. Pure.
/// </summary>
public static class StreamRule
{
    private const double PValue = 1e-6;

    /// <summary>A frame older than this is late.</summary>
    private const double LateMilliseconds = 2000;

    /// <param name="stream">Of windows with as many frames.</param>
    /// <param name="frames">Frames counted; those that failed are not among them.</param>
    /// <returns>One for each kind of trouble that is there at all, <c>Mean</c> its share of the frames, <c>ReferenceMean</c> the share that may be.</returns>
    public static IReadOnlyList<CovariateDrift> Measure(StreamCounts stream, long frames)
    {
        var late = 0L;
        for (var bin = 0; bin < (stream.Ages?.Count ?? 0); bin++)
            if (bin > 0 && Covariates.FrameAgeEdges[bin - 1] >= LateMilliseconds) late += stream.Ages![bin];
        return
        [
            .. new[] { ("damaged", stream.Damaged ?? 0, 0.02), ("repeated", stream.Repeated ?? 0, 0.5), ("unusable", stream.Unusable ?? 0, 0.02), ("failed", stream.Failed ?? 0, 0.02), ("late", late, 0.02) }
                .Where(kind => kind.Item2 > 0).Select(kind => Of(DriftCauseRule.StreamPrefix + kind.Item1, kind.Item2, frames + (stream.Failed ?? 0), kind.Item3)),
        ];
    }

    private static CovariateDrift Of(string name, long troubles, long frames, double limit)
    {
        // A frozen picture's frames are not counted, and one frame may be damaged twice.
        var count = Math.Min(troubles, Math.Max(frames, 1));
        var share = count / (double)Math.Max(frames, 1);
        var p = UpperTail(count, frames, limit);
        return new CovariateDrift(name, Math.Max(0, share - limit), p, 0, share, limit, share > limit && p <= PValue);
    }

    /// <returns>P(X >= count) of n trials.</returns>
    private static double UpperTail(long count, long n, double share)
    {
        if (count <= share * n) return 1;
        var logs = new List<double>();
        for (var k = count; k <= n; k++)
        {
            var log = Special.LogChoose(n, k) + Special.CountLog(k, share) + Special.CountLog(n - k, 1 - share);
            if (logs.Count > 0 && log < logs[0] - 40) break;
            logs.Add(log);
        }
        return Math.Min(1, Math.Exp(Special.LogSumExp([.. logs])));
    }
}
