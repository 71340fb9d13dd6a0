using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Statistics;

namespace CvOps.Fleet.Drift;

/// <summary>Windows put together: the present of one camera under one model.</summary>
internal sealed record RecentFrames(
    DateTimeOffset From, DateTimeOffset To, long Frames, IReadOnlyDictionary<string, HistogramCounts> Histograms, IReadOnlyDictionary<string, long> Classes)
{
    /// <summary>Counts over other edges than the profile's are left out: they can't be compared with it.</summary>
    /// <param name="windows">At least one.</param>
    public static RecentFrames Merge(IReadOnlyList<DriftWindow> windows, ReferenceProfile profile)
    {
        var histograms = new Dictionary<string, HistogramCounts>();
        var classes = new Dictionary<string, long>();
        foreach (var window in windows)
        {
            foreach (var (name, counts) in WindowCounts.Over(window, profile))
                histograms[name] = histograms.TryGetValue(name, out var sum) ? Histogram.Merge(sum, counts) : counts;
            foreach (var (name, count) in window.Classes) classes[name] = classes.GetValueOrDefault(name) + count;
        }
        return new RecentFrames(windows.Min(w => w.From), windows.Max(w => w.To), windows.Sum(w => w.Frames), histograms, classes);
    }

    /// <summary>The newest windows that hold at least <paramref name="frames"/>, or all; in the order given, oldest first.</summary>
    public static List<DriftWindow> Newest(IReadOnlyList<DriftWindow> windows, long frames)
    {
        var first = windows.Count;
        for (long sum = 0; first > 0 && sum < frames; sum += windows[first].Frames) first--;
        return [.. windows.Skip(first)];
    }
}
