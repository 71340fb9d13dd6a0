using CvOps.Agent.Inference;
using CvOps.Contracts.Packages;
using CvOps.Statistics.Embeddings;

namespace CvOps.Agent.Sampling;

/// <summary>What the package of one model says of its reference, made ready for rules that ask every frame.</summary>
internal sealed class ModelRanges
{
    private readonly ReferenceHistogram? _brightness;
    private readonly ReferenceHistogram? _contrast;
    private readonly ReferenceHistogram? _sharpness;
    private readonly ReferenceHistogram? _confidence;
    private readonly EmbeddingGauge? _gauge;

    public ModelRanges(LoadedModel model)
    {
        Model = model;
        _brightness = RangeOf(Covariates.Brightness);
        _contrast = RangeOf(Covariates.Contrast);
        _sharpness = RangeOf(Covariates.Sharpness);
        _confidence = RangeOf(Covariates.Confidence);
        var boxes = RangeOf(Covariates.Boxes);
        (LeastBoxes, MostBoxes) = (boxes?.Least, boxes?.Greatest);
        _gauge = model.Profile?.Embedding is { } reference ? new EmbeddingGauge(reference with { Projections = 0 }) : null;
    }

    public LoadedModel Model { get; }

    public double? LeastBoxes { get; }

    public double? MostBoxes { get; }

    /// <summary>The farthest outside of all; 0 without a reference.</summary>
    public double OutOfDomain(in InspectedFrame inspected)
    {
        var statistics = inspected.Statistics;
        var score = Math.Max(Of(_brightness, statistics.Brightness, Covariates.Brightness),
            Math.Max(Of(_contrast, statistics.Contrast, Covariates.Contrast), Of(_sharpness, statistics.Sharpness, Covariates.Sharpness)));
        // Too sure is no sign of another world; and a detector that found nothing has no confidence to speak of.
        return _confidence is null || inspected.Prediction.Class is null
            ? score
            : Math.Max(score, OutOfDomainRule.Score(Math.Min(inspected.Prediction.Confidence, _confidence.Greatest!.Value), _confidence.Least!.Value, _confidence.Greatest!.Value, Covariates.Resolution(Covariates.Confidence)));
    }

    /// <summary>Distance from the reference in standard deviations; NaN without one, or for an embedding it knows nothing of.</summary>
    public double Distance(ReadOnlySpan<float> embedding) => _gauge is null || embedding.IsEmpty ? double.NaN : _gauge.Measure(embedding, []);

    private static double Of(ReferenceHistogram? range, double value, string covariate) =>
        range is null ? 0 : OutOfDomainRule.Score(value, range.Least!.Value, range.Greatest!.Value, Covariates.Resolution(covariate));

    /// <summary>A reference of no pictures has no range.</summary>
    private ReferenceHistogram? RangeOf(string covariate) =>
        Model.Profile?.Histograms.GetValueOrDefault(covariate) is { Least: not null, Greatest: not null } found && found.Least <= found.Greatest ? found : null;
}
