using CvOps.Contracts.Telemetry;
using CvOps.Statistics;
using CvOps.Statistics.Causes;

namespace CvOps.Fleet.Drift;

/// <summary>A broken stream beside what the pictures show: it alarms by limits of its own, whatever the camera is compared with. Pure.</summary>
internal static class StreamDrift
{
    /// <param name="windows">The newest ones, at least one.</param>
    /// <param name="before">Before this decision.</param>
    public static DriftAnswer Join(DriftAnswer answer, IReadOnlyList<DriftWindow> windows, DriftMemory before, DriftLimits limits)
    {
        var recent = RecentFrames.Newest(windows, limits.RecentFrames);
        if (recent.Select(window => window.Stream).Aggregate(WindowCounts.Add) is not { } stream) return answer;
        var measured = StreamRule.Measure(stream, recent.Sum(window => window.Frames));
        if (measured.Count == 0) return answer;
        var memory = measured.Any(c => c.Moved) ? DriftDecision.Advance(before, true, true, recent[^1].To, limits) : answer.Memory;
        return new DriftAnswer(memory, [.. answer.Covariates, .. measured]);
    }
}
