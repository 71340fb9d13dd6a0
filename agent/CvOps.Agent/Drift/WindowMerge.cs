using CvOps.Contracts.Telemetry;
using CvOps.Statistics;

namespace CvOps.Agent.Drift;

/// <summary>Two windows of one camera and model put together: counts add.</summary>
internal static class WindowMerge
{
    public static DriftWindow Add(DriftWindow earlier, DriftWindow later) => later with
    {
        From = earlier.From < later.From ? earlier.From : later.From, To = earlier.To > later.To ? earlier.To : later.To, Frames = earlier.Frames + later.Frames,
        Sketches = Union(earlier.Sketches ?? new Dictionary<string, IReadOnlyList<long>>(), later.Sketches ?? new Dictionary<string, IReadOnlyList<long>>(), WindowCounts.Add),
        Classes = Union(earlier.Classes, later.Classes, (a, b) => a + b),
        Stream = WindowCounts.Add(earlier.Stream, later.Stream),
    };

    private static Dictionary<string, T> Union<T>(IReadOnlyDictionary<string, T> a, IReadOnlyDictionary<string, T> b, Func<T, T, T> add) =>
        a.Keys.Union(b.Keys).ToDictionary(key => key, key => a.TryGetValue(key, out var left) ? b.TryGetValue(key, out var right) ? add(left, right) : left : b[key]);
}
