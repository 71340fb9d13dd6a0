using System.Runtime.InteropServices;
using CvOps.Agent.Inference;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Statistics.Embeddings;
using CvOps.Vision;

namespace CvOps.Agent.Drift;

/// <summary>Every covariate that a model's reference profile has edges for, of one camera; and always the classes. Counting allocates nothing a frame.</summary>
internal sealed class FrameCounts
{
    private readonly Dictionary<string, CovariateCounts> _all = [];
    private readonly List<(CovariateCounts Counts, Func<FrameStatistics, double> Value)> _picture = [];
    private readonly List<(CovariateCounts Counts, Func<Prediction, double> Value)> _prediction = [];
    private readonly List<(CovariateCounts Counts, Func<Detection, int, int, double> Value)> _box = [];
    private readonly CovariateCounts? _distance;
    private readonly List<CovariateCounts?> _projected = [];
    private readonly EmbeddingGauge? _gauge;
    private readonly double[] _projections = [];
    private readonly Dictionary<string, long> _classesOfBlock = [];
    private readonly Dictionary<string, long> _classesOfWindow = [];

    public FrameCounts(ReferenceProfile? profile)
    {
        foreach (var covariate in FrameCovariates.Picture)
            if (Over(profile, covariate.Name) is { } counts) _picture.Add((counts, covariate.Value));
        foreach (var covariate in FrameCovariates.Prediction)
            if (Over(profile, covariate.Name) is { } counts) _prediction.Add((counts, covariate.Value));
        foreach (var covariate in FrameCovariates.Box)
            if (Over(profile, covariate.Name) is { } counts) _box.Add((counts, covariate.Value));
        if (profile?.Embedding is not { } embedding) return;
        _gauge = new EmbeddingGauge(embedding);
        _projections = new double[_gauge.Projections];
        _distance = Over(profile, Covariates.EmbeddingDistance);
        for (var j = 0; j < _projections.Length; j++) _projected.Add(Over(profile, Covariates.Embedding(j)));
    }

    /// <param name="usable">Whether the picture may be counted.</param>
    public void Add(in InspectedFrame inspected, bool usable)
    {
        if (usable)
            foreach (var (counts, value) in _picture) counts.Add(value(inspected.Statistics));
        foreach (var (counts, value) in _prediction) counts.Add(value(inspected.Prediction));
        if (_box.Count > 0)
            foreach (var box in inspected.Prediction.Detections)
                foreach (var (counts, value) in _box) counts.Add(value(box, inspected.Frame.Width, inspected.Frame.Height));
        if (_gauge is not null && inspected.Embedding.Length > 0)
        {
            _distance?.Add(_gauge.Measure(inspected.Embedding.Span, _projections));
            for (var j = 0; j < _projections.Length; j++) _projected[j]?.Add(_projections[j]);
        }
        CollectionsMarshal.GetValueRefOrAddDefault(_classesOfBlock, inspected.Prediction.Class ?? "", out _)++;
    }

    public bool BlockDiffers()
    {
        var differs = false;
        foreach (var counts in _all.Values) differs |= counts.BlockDiffers();
        return differs;
    }

    public void TakeBlock()
    {
        foreach (var counts in _all.Values) counts.TakeBlock();
        foreach (var (name, count) in _classesOfBlock) CollectionsMarshal.GetValueRefOrAddDefault(_classesOfWindow, name, out _) += count;
        _classesOfBlock.Clear();
    }

    public Dictionary<string, IReadOnlyList<long>> Sketches() => _all.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<long>)pair.Value.Window());

    public Dictionary<string, long> Classes() => new(_classesOfWindow);

    public void Reported()
    {
        foreach (var counts in _all.Values) counts.Reported();
        _classesOfWindow.Clear();
    }

    public void Forget()
    {
        foreach (var counts in _all.Values) counts.Forget();
    }

    private CovariateCounts? Over(ReferenceProfile? profile, string covariate) =>
        profile is not null && profile.Histograms.TryGetValue(covariate, out var reference) ? _all[covariate] = new CovariateCounts(reference.Edges) : null;
}
