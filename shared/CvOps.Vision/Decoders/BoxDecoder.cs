using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Decoders;

/// <summary>What every detector does: collects boxes of a picture's tiles, suppresses over all of them, and fills the prediction.</summary>
internal abstract class BoxDecoder : PredictionDecoder
{
    // Below it every anchor is a candidate.
    private const float LeastScore = 0.05f;

    private readonly BoxSuppression _suppression;
    private readonly List<Detection> _detections = [];
    private readonly bool[] _rejects;
    private readonly BoxUnits _units;
    private readonly float _cut;
    private double _band;

    /// <param name="nms">What the kind needs unless the manifest says otherwise, as <paramref name="units"/>.</param>
    protected BoxDecoder(ModelManifest manifest, NmsMode nms = NmsMode.PerClass, BoxUnits units = BoxUnits.InputPixels) : base(manifest)
    {
        var spec = manifest.Decoder;
        _suppression = new BoxSuppression(SuppressionSettings.Of(spec, nms));
        _rejects = [.. manifest.Classes.Select(manifest.RejectClasses.Contains)];
        _units = spec.Units ?? units;
        ScoreThreshold = _cut = (float)spec.ScoreThreshold;
        ClassCount = manifest.Classes.Count;
    }

    protected BoxCandidates Boxes { get; } = new();

    /// <summary>Least score of a box to collect: the manifest's cut, or as far below it as <see cref="BandBelowCut"/> says.</summary>
    protected float ScoreThreshold { get; private set; }

    protected int ClassCount { get; }

    public override double BandBelowCut
    {
        get => _band;
        set => (_band, ScoreThreshold) = (value, value > 0 ? MathF.Max(_cut - (float)value, Math.Min(_cut, LeastScore)) : _cut);
    }

    public override void Finish(PreprocessPlan plan, Prediction into)
    {
        var kept = AboveCut(Suppress());
        into.Detections.Clear();
        into.Reject = false;
        for (var i = 0; i < kept.Length; i++)
        {
            var place = kept[i];
            if (i == _detections.Count) _detections.Add(new Detection("", 0, 0, 0, 0, 0));
            var detection = _detections[i];
            detection.Class = Manifest.Classes[Boxes.Class[place]];
            detection.Score = Boxes.Score[place];
            detection.Track = null;
            Describe(place, i, plan, detection);
            into.Detections.Add(detection);
            into.Reject |= _rejects[Boxes.Class[place]];
        }
        into.Class = kept.Length == 0 ? null : into.Detections[0].Class;
        into.Confidence = kept.Length == 0 ? 0 : into.Detections[0].Score;
        into.Margin = kept.Length == 0 ? 0 : into.Detections[^1].Score - Manifest.Decoder.ScoreThreshold;
        into.Entropy = 0;
        Boxes.Clear();
    }

    /// <summary>Suppression goes by falling score, so boxes below the cut change nothing about those above it.</summary>
    private ReadOnlySpan<int> AboveCut(ReadOnlySpan<int> kept)
    {
        NearCut = 0;
        if (_band <= 0) return kept;
        var above = 0;
        while (above < kept.Length && Boxes.Score[kept[above]] >= _cut) above++;
        if (above < kept.Length) NearCut = Boxes.Score[kept[above]];
        return kept[..above];
    }

    /// <summary>The way from what the model counts in to the picture.</summary>
    protected PictureMap Map(PreprocessPlan plan, int tile) => PictureMap.Of(plan, tile, _units, Manifest.Input);

    /// <returns>Places of the boxes that stay, by falling score.</returns>
    protected virtual ReadOnlySpan<int> Suppress() => _suppression.Keep(Boxes);

    /// <summary>Fills in where a kept box is, clipped to the picture, and what else the model says of it.</summary>
    /// <param name="number">Its number among the kept.</param>
    protected virtual void Describe(int place, int number, PreprocessPlan plan, Detection into)
    {
        double left = Math.Clamp(Boxes.Left[place], 0, plan.Width);
        double top = Math.Clamp(Boxes.Top[place], 0, plan.Height);
        into.X = left;
        into.Y = top;
        into.Width = Math.Clamp(Boxes.Right[place], 0, plan.Width) - left;
        into.Height = Math.Clamp(Boxes.Bottom[place], 0, plan.Height) - top;
    }
}
