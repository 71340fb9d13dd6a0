using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Decoders;

/// <summary>Classifiers that say yes or no to each class: [1, classes] of probabilities or logits. Over tiles a class has its largest score.</summary>
internal sealed class MultiLabelDecoder : PredictionDecoder
{
    private readonly BoundOutput _output;
    private readonly double[] _scores;
    private readonly bool _sigmoid;
    private readonly bool[] _rejects;
    private readonly List<LabelScore> _labels = [];
    private bool _fresh = true;

    public MultiLabelDecoder(ModelManifest manifest, BoundOutput output, bool sigmoid) : base(manifest)
    {
        if (output.Free || output.Length != manifest.Classes.Count)
            throw new ModelException($"The manifest names {manifest.Classes.Count} classes; output '{output.Name}' is {ModelGraph.Shape(output.Shape)}.");
        _output = output;
        _scores = new double[output.Length];
        _sigmoid = sigmoid;
        _rejects = [.. manifest.Classes.Select(manifest.RejectClasses.Contains)];
    }

    public override void Collect(int row, PreprocessPlan plan, int tile)
    {
        var numbers = _output.Row(row);
        for (var i = 0; i < numbers.Length; i++)
        {
            var score = Math.Clamp(_sigmoid ? 1 / (1 + Math.Exp(-numbers[i])) : numbers[i], 0, 1);
            _scores[i] = _fresh ? score : Math.Max(_scores[i], score);
        }
        _fresh = false;
    }

    public override void Finish(PreprocessPlan plan, Prediction into)
    {
        var threshold = Manifest.Decoder.ScoreThreshold;
        _labels.Clear();
        into.Reject = false;
        var margin = 1.0;
        var entropy = 0.0;
        for (var i = 0; i < _scores.Length; i++)
        {
            var score = _scores[i];
            var room = score >= threshold ? 1 - threshold : threshold;
            margin = Math.Min(margin, room == 0 ? 0 : Math.Abs(score - threshold) / room);
            entropy += BinaryEntropy.Of(score);
            if (score < threshold) continue;
            Insert(new LabelScore(Manifest.Classes[i], score));
            into.Reject |= _rejects[i];
        }
        into.Labels = _labels;
        into.Class = _labels.Count == 0 ? null : _labels[0].Class;
        into.Confidence = _labels.Count == 0 ? 0 : _labels[0].Score;
        into.Margin = margin;
        into.Entropy = entropy / _scores.Length;
        into.Detections.Clear();
        _fresh = true;
    }

    /// <summary>Behind every label that is as sure.</summary>
    private void Insert(LabelScore label)
    {
        var at = _labels.Count;
        while (at > 0 && _labels[at - 1].Score < label.Score) at--;
        _labels.Insert(at, label);
    }
}
