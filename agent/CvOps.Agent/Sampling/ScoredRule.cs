using System.Runtime.CompilerServices;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Sampling;

/// <summary>The rules that score every frame, 0..1 each; a rule that knows nothing of a frame says 0, novelty NaN.</summary>
internal enum ScoredRule { LeastConfidence, Margin, Entropy, NearThreshold, DetectionCount, Temporal, Novelty, RareClass, OutOfDomain }

/// <summary>What each rule says of a frame, weighted. Lives on the stack.</summary>
[InlineArray(Count)]
internal struct RuleScores
{
    public const int Count = (int)ScoredRule.OutOfDomain + 1;

    private double _first;

    /// <summary>
    /// A frame's score, 0..1: the strongest of the rules that say why it matters, and how new it is. Asked together, since the hardest frames of a
    /// window are often hard in one way, and one of them is enough.
    /// </summary>
    /// <param name="noveltyShare">What novelty is worth, 0..1; nothing where it abstains.</param>
    public readonly double Score(double noveltyShare)
    {
        var strongest = 0.0;
        for (var rule = 0; rule < Count; rule++)
            if (rule != (int)ScoredRule.Novelty) strongest = Math.Max(strongest, this[rule]);
        var novelty = this[(int)ScoredRule.Novelty];
        return double.IsNaN(novelty) ? strongest : (1 - noveltyShare) * strongest + noveltyShare * novelty;
    }

    /// <summary>0..1 of any number; 0 of what is none, such as a probability that is NaN.</summary>
    public static double Unit(double value) => value > 0 ? Math.Min(value, 1) : 0;

    public static string NameOf(ScoredRule rule) => rule switch
    {
        ScoredRule.LeastConfidence => LeastConfidenceRule.Name,
        ScoredRule.Margin => MarginRule.Name,
        ScoredRule.Entropy => EntropyRule.Name,
        ScoredRule.NearThreshold => NearThresholdRule.Name,
        ScoredRule.DetectionCount => DetectionCountRule.Name,
        ScoredRule.Temporal => TemporalRule.Name,
        ScoredRule.Novelty => NoveltyRule.Name,
        ScoredRule.RareClass => RareClassRule.Name,
        _ => OutOfDomainRule.Name,
    };

    /// <summary>The rules that say at least so much, the strongest first.</summary>
    public readonly List<SamplingReason> Reasons(double least)
    {
        List<SamplingReason> reasons = [];
        for (var rule = 0; rule < Count; rule++)
            if (this[rule] > 0 && this[rule] >= least) reasons.Add(new SamplingReason(NameOf((ScoredRule)rule), this[rule]));
        reasons.Sort((a, b) => b.Score.CompareTo(a.Score));
        return reasons;
    }
}
