using CvOps.Contracts.Api;
using CvOps.Statistics;

namespace CvOps.Fleet.Datasets.Quality.Slices;

/// <param name="Class">What the label says.</param>
/// <param name="Right">Whether the model was.</param>
/// <param name="Slices">Value of each kind that the frame has one of.</param>
internal readonly record struct JudgedFrame(string Class, bool Right, IReadOnlyDictionary<string, string> Slices);

/// <summary>
/// On what kinds of frames a model is right less often. Each kind is tested as a whole, classes being equal (the generalised statistic of Cochran, Mantel and Haenszel;
/// Agresti, Categorical Data Analysis, 3rd ed., 8.4): a slice with more frames of a hard class is not worse for it. Of many kinds, and of the slices of one, chance
/// alone would name some: Holm's procedure (1979) keeps that below 5 %, over the kinds and within each. Pure.
/// </summary>
internal static class SliceRule
{
    /// <summary>A slice with fewer frames stands for nothing and goes with none.</summary>
    public const int LeastFrames = 10;

    /// <summary>Largest slices of a kind that are compared.</summary>
    public const int MostSlices = 50;

    private const double Level = 0.05;

    public static SliceReport? Report(string judge, IReadOnlyCollection<JudgedFrame> frames)
    {
        if (frames.Count == 0) return null;
        var kinds = frames.SelectMany(frame => frame.Slices.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(kind => KindOf(kind, frames)).OfType<(string Kind, double P, StratifiedRates Table)>().ToArray();
        var adjusted = Holm([.. kinds.Select(kind => kind.P)]);
        return new SliceReport(judge, frames.Count, frames.Count(frame => frame.Right) / (double)frames.Count,
            [.. kinds.Select((kind, i) => View(kind.Kind, adjusted[i], kind.Table)).OrderBy(view => view.P).ThenBy(view => view.Kind, StringComparer.Ordinal)]);
    }

    /// <returns>Of each p-value the one that may be held against the level although there are several (Holm, 1979).</returns>
    public static double[] Holm(IReadOnlyList<double> p)
    {
        var adjusted = new double[p.Count];
        var most = 0.0;
        foreach (var (i, place) in Enumerable.Range(0, p.Count).OrderBy(i => p[i]).Select((i, place) => (i, place)))
            adjusted[i] = most = Math.Max(most, Math.Min(1, p[i] * (p.Count - place)));
        return adjusted;
    }

    private static (string, double, StratifiedRates)? KindOf(string kind, IReadOnlyCollection<JudgedFrame> frames)
    {
        var values = frames.Where(frame => frame.Slices.ContainsKey(kind)).CountBy(frame => frame.Slices[kind], StringComparer.Ordinal)
            .Where(count => count.Value >= LeastFrames).OrderByDescending(count => count.Value).ThenBy(count => count.Key, StringComparer.Ordinal).Take(MostSlices).Select(count => count.Key).ToArray();
        if (values.Length < 2) return null;
        var table = new StratifiedRates(values, frames.Where(frame => frame.Slices.TryGetValue(kind, out var value) && values.Contains(value)).Select(frame => (frame.Class, frame.Slices[kind], frame.Right)));
        return (kind, table.P(), table);
    }

    private static SliceKindReport View(string kind, double p, StratifiedRates table)
    {
        var own = Holm([.. table.Values.Select(table.P)]);
        var slices = table.Values.Select((value, i) =>
        {
            var (frames, right, expected) = table.CountsOf(value);
            var interval = Intervals.Wilson(right, frames);
            // Within a kind that does not hurt no slice does.
            return new SliceAccuracy(value, frames, (double)right / frames, interval.Low, interval.High, expected / frames, own[i], p < Level && own[i] < Level && right < expected);
        });
        return new SliceKindReport(kind, p, p < Level, [.. slices.OrderBy(slice => slice.Accuracy - slice.Expected)]);
    }
}
