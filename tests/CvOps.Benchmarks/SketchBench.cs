using System.Diagnostics;
using CvOps.Contracts.Telemetry;
using CvOps.Statistics;

namespace CvOps.Benchmarks;

/// <summary>Ten thousand sketches, a camera-hour each, merged to one and read.</summary>
internal static class SketchBench
{
    private const int Sketches = 10_000;
    private const int ValuesEach = 50;
    private const int Rounds = 15;

    /// <summary>Rounds before, until the runtime has compiled what it runs for good.</summary>
    private const int Warm = 60;

    private const double LimitMilliseconds = 100;

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        var chance = new Random(20_261_121);
        double[] Values() => [.. Enumerable.Range(0, ValuesEach).Select(_ => chance.NextDouble() * 255)];
        var edges = SampleDistances.TailEdges([.. Enumerable.Range(0, 1000).Select(_ => chance.NextDouble() * 255)]);
        HistogramCounts[] histograms = [.. Enumerable.Range(0, Sketches).Select(_ => Count(edges, Values()))];
        KllSummary[] quantiles = [.. Enumerable.Range(0, Sketches).Select(i => Sketch((ulong)i, Values()))];
        HyperLogLog[] distinct = [.. Enumerable.Range(0, Sketches).Select(i => Seen(i))];
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            Merged("histograms", () => histograms.Aggregate(Histogram.Merge).Counts.Sum()),
            Merged("quantile sketches", () => KllSummary.Merge(quantiles).Quantile(0.5)),
            Merged("counting sketches of 4 kB", () => Together(distinct).Estimate),
        ]);
    }

    /// <param name="merge">Answers with something of the result, so that it is made.</param>
    private static Figure Merged(string name, Func<double> merge)
    {
        for (var i = 0; i < Warm; i++) merge();
        double[] times = [.. Enumerable.Range(0, Rounds).Select(_ =>
        {
            var began = Stopwatch.GetTimestamp();
            merge();
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }).Order()];
        return Figure.AtMost($"ms to merge {Sketches} {name} / 100 ms", times[0] / LimitMilliseconds, 1, $"the limit; {ValuesEach} values in each; fastest of {Rounds}");
    }

    private static HyperLogLog Together(HyperLogLog[] parts)
    {
        var all = new HyperLogLog();
        foreach (var part in parts) all.Merge(part);
        return all;
    }

    private static KllSummary Sketch(ulong seed, double[] values)
    {
        var sketch = new KllSketch(64, seed);
        foreach (var value in values) sketch.Add(value);
        return sketch.ToSummary();
    }

    private static HyperLogLog Seen(int first)
    {
        var sketch = new HyperLogLog();
        for (var i = 0; i < ValuesEach; i++) sketch.Add((ulong)(first + i));
        return sketch;
    }

    private static HistogramCounts Count(double[] edges, double[] values)
    {
        var histogram = new Histogram(edges);
        foreach (var value in values) histogram.Add(value);
        return histogram.ToCounts();
    }
}
