using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Packaging;

/// <summary>Collects what a model's world looks like and turns it into histograms whose edges are the deciles of what was seen.</summary>
public sealed class ReferenceProfileBuilder
{
    private const int Bins = 10;
    private readonly List<double> _brightness = [];
    private readonly List<double> _contrast = [];
    private readonly List<double> _sharpness = [];
    private readonly List<double> _confidence = [];
    private readonly SortedDictionary<string, long> _classes = new(StringComparer.Ordinal);

    /// <summary>One frame of the reference, as the agent would have measured it.</summary>
    public void Add(FrameStatistics statistics, Prediction prediction)
    {
        _brightness.Add(statistics.Brightness);
        _contrast.Add(statistics.Contrast);
        _sharpness.Add(statistics.Sharpness);
        _confidence.Add(prediction.Confidence);
        var name = prediction.Class ?? "";
        _classes[name] = _classes.GetValueOrDefault(name) + 1;
    }

    /// <returns>The profile; without histograms when nothing was added.</returns>
    public ReferenceProfile Build() => new()
    {
        Frames = _brightness.Count,
        Histograms = new Dictionary<string, IReadOnlyList<double>>
        {
            [Covariates.Brightness] = _brightness,
            [Covariates.Contrast] = _contrast,
            [Covariates.Sharpness] = _sharpness,
            [Covariates.Confidence] = _confidence,
        }.Where(pair => pair.Value.Count > 0).ToDictionary(pair => pair.Key, pair => Histogram(pair.Value)),
        Classes = _classes,
    };

    private static ReferenceHistogram Histogram(IReadOnlyList<double> values)
    {
        var sorted = values.Where(double.IsFinite).Order().ToArray();
        if (sorted.Length == 0) return new ReferenceHistogram([0], [0, 0], 0);

        // Values that pile up, as confidences at 1 do, give one edge and not several equal ones: edges must rise.
        var edges = Enumerable.Range(1, Bins - 1).Select(bin => sorted[Math.Min(sorted.Length - 1, bin * sorted.Length / Bins)]).Distinct().Take(Limits.HistogramBins - 1).ToArray();
        var counts = new long[edges.Length + 1];
        foreach (var value in sorted) counts[BinOf(edges, value)]++;
        return new ReferenceHistogram(edges, counts, sorted.Average(), sorted[0], sorted[^1]);
    }

    private static int BinOf(double[] edges, double value)
    {
        var found = Array.BinarySearch(edges, value);
        return found >= 0 ? found + 1 : ~found;
    }
}
