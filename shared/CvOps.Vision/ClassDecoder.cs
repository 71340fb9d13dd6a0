using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision;

/// <summary>Classifiers: [1, classes] of probabilities or logits.</summary>
internal sealed class ClassDecoder : PredictionDecoder
{
    private readonly float[] _scores;
    private readonly double[] _probabilities;
    private readonly bool _softmax;
    private readonly HashSet<string> _reject;

    public ClassDecoder(ModelManifest manifest, BoundOutput output, bool softmax) : base(manifest)
    {
        if (output.Data.Length != manifest.Classes.Count)
            throw new ModelException($"The manifest names {manifest.Classes.Count} classes; output '{output.Name}' is {ModelGraph.Shape(output.Shape)}.");
        _scores = output.Data;
        _probabilities = new double[_scores.Length];
        _softmax = softmax;
        _reject = [.. manifest.RejectClasses];
    }

    public override Prediction Decode(PreprocessPlan plan)
    {
        ToProbabilities();
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
        var name = Manifest.Classes[best];
        return new Prediction
        {
            Class = name,
            Confidence = Math.Clamp(_probabilities[best], 0, 1),
            Margin = Math.Clamp(_probabilities[best] - second, 0, 1),
            Entropy = _probabilities.Length == 1 ? 0 : Math.Clamp(entropy / Math.Log(_probabilities.Length), 0, 1),
            Reject = _reject.Contains(name),
        };
    }

    private void ToProbabilities()
    {
        if (!_softmax)
        {
            for (var i = 0; i < _scores.Length; i++) _probabilities[i] = _scores[i];
            return;
        }
        // Minus the largest, so that no exponential overflows.
        double largest = _scores.Max();
        var sum = 0.0;
        for (var i = 0; i < _scores.Length; i++) sum += _probabilities[i] = Math.Exp(_scores[i] - largest);
        for (var i = 0; i < _scores.Length; i++) _probabilities[i] /= sum;
    }
}
