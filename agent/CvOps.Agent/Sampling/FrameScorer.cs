using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using CvOps.Agent.Inference;
using CvOps.Contracts;

namespace CvOps.Agent.Sampling;

/// <summary>
/// Asks every rule about a frame, the cheap ones first, and remembers what they need: tracks a camera, classes so far, what was sent lately. Of
/// bounded size; allocates nothing a frame. One thread.
/// </summary>
internal sealed class FrameScorer(SamplingOptions options, TimeProvider time)
{
    // Frames after which the classes counted weigh half: what a line makes changes.
    private const long ClassMemory = 10_000;
    private const int SentMemory = 256;
    private const int WindowMemory = 256;
    private const double TypicalRate = 0.01;
    private static readonly TimeSpan Lately = TimeSpan.FromHours(1);

    private readonly Dictionary<CameraId, (TrackMemory Tracks, int Connection)> _cameras = [];
    private readonly Dictionary<string, long> _classes = [];
    private readonly FrameMemory _sent = new(SentMemory);
    private readonly FrameMemory _window = new(WindowMemory);
    private ModelRanges? _ranges;
    private float[] _unit = [];
    private int _length;
    private long _seen;
    private double _typical = double.NaN;

    /// <summary>What each rule's word is worth.</summary>
    public SamplingOptions Options { get; set; } = options;

    /// <summary>The last frame's embedding at length 1; empty without one, or when it is zero or not finite.</summary>
    public ReadOnlySpan<float> Unit => _unit.AsSpan(0, _length);

    /// <summary>Every rule's word on a frame that has a prediction.</summary>
    public RuleScores Score(in InspectedFrame inspected)
    {
        if (!ReferenceEquals(_ranges?.Model, inspected.Model)) Begin(inspected.Model);
        Normalise(inspected.Embedding.Span);
        var (manifest, prediction, weights) = (inspected.Model.Manifest, inspected.Prediction, Options.Rules);
        var (flips, seenOnce) = TracksOf(inspected).Look(prediction, inspected.Part);
        var scores = new RuleScores();
        scores[(int)ScoredRule.LeastConfidence] = weights.LeastConfidence * LeastConfidenceRule.Score(prediction, manifest.Task, manifest.Classes.Count);
        scores[(int)ScoredRule.Margin] = weights.Margin * MarginRule.Score(prediction, manifest.Task);
        scores[(int)ScoredRule.Entropy] = weights.Entropy * EntropyRule.Score(prediction);
        scores[(int)ScoredRule.NearThreshold] = weights.NearThreshold * NearThresholdRule.Score(inspected.NearCut, manifest.Decoder.ScoreThreshold);
        if (manifest.Task == Contracts.Packages.ModelTask.Detection)
            scores[(int)ScoredRule.DetectionCount] = weights.DetectionCount * DetectionCountRule.Score(prediction.Detections.Count, Options.LeastDetections ?? _ranges!.LeastBoxes, Options.MostDetections ?? _ranges!.MostBoxes);
        scores[(int)ScoredRule.Temporal] = weights.Temporal * TemporalRule.Score(flips, seenOnce);
        scores[(int)ScoredRule.RareClass] = weights.RareClass * Rarity(prediction.Class ?? "", manifest.Classes.Count);
        scores[(int)ScoredRule.OutOfDomain] = weights.OutOfDomain * _ranges!.OutOfDomain(inspected);
        scores[(int)ScoredRule.Novelty] = weights.Novelty > 0 && _length > 0 ? Novelty(inspected.Embedding.Span) : double.NaN;
        return scores;
    }

    /// <summary>Whether the frame last scored shows what was sent lately, or what another frame of this window shows; if not, it is remembered for the window.</summary>
    public bool IsDuplicate(in FrameTrait trait)
    {
        var now = time.GetTimestamp();
        var since = now - (long)(Lately.TotalSeconds * time.TimestampFrequency);
        if (_sent.Holds(trait, Unit, since, Options.DuplicateBits, Options.DuplicateDistance)) return true;
        if (_window.Holds(trait, Unit, long.MinValue, Options.DuplicateBits, Options.DuplicateDistance)) return true;
        _window.Add(trait, Unit, now);
        return false;
    }

    /// <summary>A window ends: what it sent is remembered, what else it saw is not.</summary>
    public void WindowEnds() => _window.Clear();

    public void Sent(Candidate candidate) => _sent.Add(candidate.Trait, candidate.Embedding, time.GetTimestamp());

    private void Begin(LoadedModel model)
    {
        // A retrained head keeps its backbone, and so what its embeddings mean; another backbone under the same name is unlike all there is until it was sent.
        if (_ranges?.Model.Manifest is not { } before || before.Name != model.Manifest.Name || before.Decoder.Embedding != model.Manifest.Decoder.Embedding)
        {
            _sent.Clear();
            _typical = double.NaN;
        }
        _ranges = new ModelRanges(model);
        _classes.Clear();
        _seen = 0;
        _window.Clear();
        foreach (var (tracks, _) in _cameras.Values) tracks.Clear();
    }

    private TrackMemory TracksOf(in InspectedFrame inspected)
    {
        ref var own = ref CollectionsMarshal.GetValueRefOrAddDefault(_cameras, inspected.Camera, out var known);
        if (!known) own.Tracks = new TrackMemory();
        if (own.Connection != inspected.Frame.Connection) own.Tracks.Clear();
        own.Connection = inspected.Frame.Connection;
        return own.Tracks;
    }

    private double Rarity(string name, int classes)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_classes, name, out _);
        var score = RareClassRule.Score(count, _seen, classes);
        count++;
        if (++_seen < ClassMemory) return score;
        _seen = 0;
        foreach (var key in _classes.Keys) _seen += CollectionsMarshal.GetValueRefOrNullRef(_classes, key) /= 2;
        return score;
    }

    private double Novelty(ReadOnlySpan<float> embedding)
    {
        var nearest = _sent.Nearest(Unit);
        if (double.IsFinite(nearest)) _typical = double.IsNaN(_typical) ? nearest : _typical + TypicalRate * (nearest - _typical);
        var distance = _ranges!.Distance(embedding);
        if (double.IsNaN(distance) && double.IsNaN(nearest)) return double.NaN;
        return Math.Max(NoveltyRule.AgainstReference(distance), NoveltyRule.AgainstSent(nearest, _typical));
    }

    private void Normalise(ReadOnlySpan<float> embedding)
    {
        _length = 0;
        if (embedding.IsEmpty) return;
        var norm = TensorPrimitives.Norm(embedding);
        if (!(norm > 0) || !float.IsFinite(norm)) return;
        if (_unit.Length < embedding.Length) _unit = new float[embedding.Length];
        TensorPrimitives.Divide(embedding, norm, _unit);
        _length = embedding.Length;
    }
}
