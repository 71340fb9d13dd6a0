using System.Numerics.Tensors;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Decoders;

/// <summary>
/// Classifiers: [1, classes] of probabilities or logits. Of a picture in tiles the one counts that is likeliest to be of a reject class, so that a
/// defect in one tile rejects; without reject classes the tiles' mean.
/// </summary>
internal sealed class ClassDecoder : PredictionDecoder
{
    private readonly BoundOutput _output;
    private readonly double[] _probabilities;
    private readonly double[] _tile;
    private readonly bool _softmax;
    private readonly bool[] _rejects;
    private int _tiles;
    private double _worst;

    public ClassDecoder(ModelManifest manifest, BoundOutput output, bool softmax) : base(manifest)
    {
        if (output.Free || output.Length != manifest.Classes.Count)
            throw new ModelException($"The manifest names {manifest.Classes.Count} classes; output '{output.Name}' is {ModelGraph.Shape(output.Shape)}.");
        _output = output;
        _probabilities = new double[output.Length];
        _tile = new double[output.Length];
        _softmax = softmax;
        _rejects = [.. manifest.Classes.Select(manifest.RejectClasses.Contains)];
    }

    public override void Collect(int row, PreprocessPlan plan, int tile)
    {
        ToProbabilities(_output.Row(row));
        var rejected = 0.0;
        for (var i = 0; i < _tile.Length; i++) rejected += _rejects[i] ? _tile[i] : 0;
        _tiles++;
        if (_tiles == 1 || (rejected > _worst && Manifest.RejectClasses.Count > 0))
        {
            _tile.CopyTo(_probabilities, 0);
            _worst = rejected;
        }
        else if (Manifest.RejectClasses.Count == 0)
        {
            for (var i = 0; i < _tile.Length; i++) _probabilities[i] += (_tile[i] - _probabilities[i]) / _tiles;
        }
    }

    public override void Finish(PreprocessPlan plan, Prediction into)
    {
        var best = 0;
        for (var i = 1; i < _probabilities.Length; i++)
        {
            if (_probabilities[i] > _probabilities[best]) best = i;
        }
        var second = 0.0;
        var entropy = 0.0;
        for (var i = 0; i < _probabilities.Length; i++)
        {
            var p = _probabilities[i];
            if (i != best && p > second) second = p;
            if (p > 0) entropy -= p * Math.Log(p);
        }
        into.Class = Manifest.Classes[best];
        into.Confidence = Math.Clamp(_probabilities[best], 0, 1);
        into.Margin = Math.Clamp(_probabilities[best] - second, 0, 1);
        into.Entropy = _probabilities.Length == 1 ? 0 : Math.Clamp(entropy / Math.Log(_probabilities.Length), 0, 1);
        into.Reject = _rejects[best];
        into.Detections.Clear();
        _tiles = 0;
    }

    private void ToProbabilities(ReadOnlySpan<float> scores)
    {
        if (!_softmax)
        {
            for (var i = 0; i < scores.Length; i++) _tile[i] = scores[i];
            return;
        }
        // Minus the largest, so that no exponential overflows.
        double largest = TensorPrimitives.Max(scores);
        var sum = 0.0;
        for (var i = 0; i < scores.Length; i++) sum += _tile[i] = Math.Exp(scores[i] - largest);
        for (var i = 0; i < scores.Length; i++) _tile[i] /= sum;
    }
}
