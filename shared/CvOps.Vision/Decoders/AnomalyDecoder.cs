using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Decoders;

/// <summary>
/// Anomaly models (PatchCore, Roth et al. 2022, and its kin): a score [1] and a map over the whole input, or the map alone. Places of the map at or
/// over its threshold that touch along a side are one region: a box, whose keypoint is its peak. Padding is not looked at. Over tiles the largest
/// score counts.
/// </summary>
internal sealed class AnomalyDecoder : PredictionDecoder
{
    private readonly BoundOutput? _score;
    private readonly BoundOutput _map;
    private readonly int _columns, _rows;
    private readonly AnomalySpec _anomaly;
    private readonly MapRegions _regions;
    private readonly BoxCandidates _boxes = new();
    private readonly BoxSuppression _surest;
    private readonly List<(float X, float Y)> _peaks = [];
    private readonly List<Detection> _detections = [];
    private readonly bool[] _rejects;
    private double _largest = double.NegativeInfinity;

    public AnomalyDecoder(ModelManifest manifest, IReadOnlyList<BoundOutput> outputs) : base(manifest)
    {
        (_score, _map) = outputs.Count == 2 ? (outputs[0], outputs[1]) : (null, outputs[0]);
        if (_score is { Length: not 1 } or { Free: true }) throw new ModelException($"Output '{_score.Name}' should be a score, [1]; the model gives {ModelGraph.Shape(_score.Shape)}.");
        var shape = _map.Shape;
        if (_map.Free || shape.Length is not (3 or 4) || shape[..^2].Any(side => side != 1) || _map.Length == 0) throw new ModelException($"Output '{_map.Name}' should be a map, [1, 1, height, width] or [1, height, width]; the model gives {ModelGraph.Shape(shape)}.");
        (_rows, _columns) = ((int)shape[^2], (int)shape[^1]);
        _anomaly = manifest.Decoder.Anomaly!;
        _regions = new MapRegions(_columns, _rows);
        _surest = new BoxSuppression(new(NmsMode.None, 1, Most: manifest.Decoder.MaxDetections ?? Limits.Detections));
        _rejects = [.. manifest.Classes.Select(manifest.RejectClasses.Contains)];
    }

    public override void Collect(int row, PreprocessPlan plan, int tile)
    {
        var map = _map.Row(row);
        var window = GridWindow.Of(plan, tile, Manifest.Input, _columns, _rows);
        var largest = double.NegativeInfinity;
        for (var y = window.Top; y < window.Bottom; y++)
        {
            for (var x = window.Left; x < window.Right; x++) largest = Math.Max(largest, map[y * _columns + x]);
        }
        _largest = Math.Max(_largest, _score is null ? largest : _score.Row(row)[0]);

        var (stepX, stepY) = (Manifest.Input.Width / (float)_columns, Manifest.Input.Height / (float)_rows);
        var toPicture = PictureMap.Of(plan, tile);
        _regions.Start(window);
        while (_regions.Next(map, (float)(_anomaly.MapThreshold ?? _anomaly.Threshold), out var region))
        {
            _boxes.Add(toPicture.X(region.Left * stepX), toPicture.Y(region.Top * stepY), toPicture.X(region.Right * stepX), toPicture.Y(region.Bottom * stepY),
                (float)Normalised(map[region.PeakY * _columns + region.PeakX]), 1, tile, _peaks.Count);
            _peaks.Add((toPicture.X((region.PeakX + 0.5f) * stepX), toPicture.Y((region.PeakY + 0.5f) * stepY)));
        }
    }

    public override void Finish(PreprocessPlan plan, Prediction into)
    {
        var score = double.IsFinite(_largest) ? _largest : _anomaly.Lowest;
        var anomalous = score >= _anomaly.Threshold;
        var normalised = Normalised(score);
        into.AnomalyScore = score;
        into.Class = Manifest.Classes[anomalous ? 1 : 0];
        into.Confidence = anomalous ? normalised : 1 - normalised;
        into.Margin = Math.Abs(2 * normalised - 1);
        into.Entropy = BinaryEntropy.Of(normalised);
        into.Reject = _rejects[anomalous ? 1 : 0];
        into.Detections.Clear();
        foreach (var place in _surest.Keep(_boxes)) into.Detections.Add(Region(place, into.Detections.Count, plan));
        _boxes.Clear();
        _peaks.Clear();
        _largest = double.NegativeInfinity;
    }

    private Detection Region(int place, int number, PreprocessPlan plan)
    {
        if (number == _detections.Count) _detections.Add(new Detection(Manifest.Classes[1], 0, 0, 0, 0, 0) { Keypoints = [] });
        var region = _detections[number];
        region.Score = _boxes.Score[place];
        region.X = Math.Clamp(_boxes.Left[place], 0, plan.Width);
        region.Y = Math.Clamp(_boxes.Top[place], 0, plan.Height);
        region.Width = Math.Clamp(_boxes.Right[place], 0, plan.Width) - region.X;
        region.Height = Math.Clamp(_boxes.Bottom[place], 0, plan.Height) - region.Y;
        region.Track = null;
        var (x, y) = _peaks[_boxes.Anchor[place]];
        region.Keypoints!.Clear();
        region.Keypoints.Add(Math.Round(x, 2));
        region.Keypoints.Add(Math.Round(y, 2));
        region.Keypoints.Add(Math.Round(region.Score, 4));
        return region;
    }

    /// <summary>0.5 at the threshold, 0..1 (anomalib, Akcay et al. 2022).</summary>
    private double Normalised(double score) => Math.Clamp((score - _anomaly.Threshold) / (_anomaly.Highest - _anomaly.Lowest) + 0.5, 0, 1);
}
