using System.Numerics.Tensors;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision;

/// <summary>Classifiers: [1, classes] of probabilities or logits.</summary>
internal sealed class ClassDecoder : PredictionDecoder
{
    private readonly BoundOutput _output;
    private readonly double[] _probabilities;
    private readonly bool _softmax;
    private readonly HashSet<string> _reject;

    public ClassDecoder(ModelManifest manifest, BoundOutput output, bool softmax) : base(manifest)
    {
        if (output.Length != manifest.Classes.Count)
            throw new ModelException($"The manifest names {manifest.Classes.Count} classes; output '{output.Name}' is {ModelGraph.Shape(output.Shape)}.");
        _output = output;
        _probabilities = new double[output.Length];
        _softmax = softmax;
        _reject = [.. manifest.RejectClasses];
    }

    public override void Collect(int row, PreprocessPlan plan, int tile) => ToProbabilities(_output.Row(row));

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
        var name = Manifest.Classes[best];
        into.Class = name;
        into.Confidence = Math.Clamp(_probabilities[best], 0, 1);
        into.Margin = Math.Clamp(_probabilities[best] - second, 0, 1);
        into.Entropy = _probabilities.Length == 1 ? 0 : Math.Clamp(entropy / Math.Log(_probabilities.Length), 0, 1);
        into.Reject = _reject.Contains(name);
        into.Detections.Clear();
    }

    private void ToProbabilities(ReadOnlySpan<float> scores)
    {
        if (!_softmax)
        {
            for (var i = 0; i < scores.Length; i++) _probabilities[i] = scores[i];
            return;
        }
        // Minus the largest, so that no exponential overflows.
        double largest = TensorPrimitives.Max(scores);
        var sum = 0.0;
        for (var i = 0; i < scores.Length; i++) sum += _probabilities[i] = Math.Exp(scores[i] - largest);
        for (var i = 0; i < scores.Length; i++) _probabilities[i] /= sum;
    }
}
