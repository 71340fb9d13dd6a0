using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Statistics;
using CvOps.Statistics.Embeddings;

namespace CvOps.Vision.Packaging;

/// <summary>
/// Collects what a model's world looks like and turns it into histograms whose edges are quantiles of what was seen, the tails' among them. Of
/// constant pictures only the prediction is taken. Keeps every number it was given, embeddings included, until it is built.
/// </summary>
public sealed class ReferenceProfileBuilder
{
    private const int Folds = 2;

    private readonly SortedDictionary<string, List<double>> _values = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _classes = new(StringComparer.Ordinal);
    private readonly List<float[]> _embeddings = [];
    private long _frames;
    private bool _boxes;

    /// <summary>One frame of the reference, as the agent would have measured it.</summary>
    /// <param name="width">Of the picture in pixels, for the boxes; boxes of a picture without a size are not taken.</param>
    /// <param name="embedding">Empty for none; kept.</param>
    public void Add(FrameStatistics statistics, Prediction prediction, int width = 0, int height = 0, float[]? embedding = null)
    {
        _frames++;
        if (statistics.IsUsable)
            foreach (var covariate in FrameCovariates.Picture) Add(covariate.Name, covariate.Value(statistics));
        foreach (var covariate in FrameCovariates.Prediction) Add(covariate.Name, covariate.Value(prediction));
        foreach (var box in width > 0 && height > 0 ? prediction.Detections : [])
        {
            _boxes = true;
            foreach (var covariate in FrameCovariates.Box) Add(covariate.Name, covariate.Value(box, width, height));
        }
        if (embedding is { Length: > 0 } && (_embeddings.Count == 0 || _embeddings[0].Length == embedding.Length) && embedding.All(float.IsFinite)) _embeddings.Add(embedding);
        var name = prediction.Class ?? "";
        _classes[name] = _classes.GetValueOrDefault(name) + 1;
    }

    /// <returns>The profile; without histograms when nothing was added.</returns>
    public ReferenceProfile Build()
    {
        var embedding = EmbeddingReferenceBuilder.Build(_embeddings);
        var histograms = new SortedDictionary<string, ReferenceHistogram>(StringComparer.Ordinal);
        foreach (var (name, values) in _values)
        {
            // A classifier has no boxes, and a detector's entropy is always 0: nothing to watch.
            if (name == Covariates.Boxes && !_boxes || name == Covariates.Entropy && values.All(value => value == 0)) continue;
            histograms[name] = ProfileEdges.Histogram(name, values, SampleDistances.TailEdges);
        }
        if (embedding is not null) AddEmbedding(embedding, histograms);
        return new() { Frames = _frames, Histograms = histograms, Classes = _classes, Embedding = embedding };
    }

    private void AddEmbedding(EmbeddingReference reference, SortedDictionary<string, ReferenceHistogram> histograms)
    {
        var projections = new double[reference.Projections];
        List<double> distances = [];
        List<double>[] along = [.. projections.Select(_ => new List<double>())];
        // Each distance is from the others' mean and spread: those that made the reference themselves would be nearer than any new one.
        for (var fold = 0; fold < Folds; fold++)
        {
            var others = new EmbeddingGauge(EmbeddingReferenceBuilder.Build([.. _embeddings.Where((_, i) => i % Folds != fold)]) ?? reference);
            for (var i = fold; i < _embeddings.Count; i += Folds) distances.Add(others.Measure(_embeddings[i], projections));
        }
        var gauge = new EmbeddingGauge(reference);
        foreach (var embedding in _embeddings)
        {
            gauge.Measure(embedding, projections);
            for (var j = 0; j < projections.Length; j++) along[j].Add(projections[j]);
        }
        histograms[Covariates.EmbeddingDistance] = ProfileEdges.Histogram(Covariates.EmbeddingDistance, distances, SampleDistances.TailEdges);
        // Deciles alone: there are several of them on the wire, and the tails are the distance's.
        for (var j = 0; j < along.Length; j++) histograms[Covariates.Embedding(j)] = ProfileEdges.Histogram(Covariates.Embedding(j), along[j], sample => SampleDistances.QuantileEdges(sample, 10));
    }

    private void Add(string name, double value)
    {
        if (!double.IsFinite(value)) return;
        if (!_values.TryGetValue(name, out var values)) _values[name] = values = [];
        values.Add(value);
    }
}
