using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Sampling;

/// <summary>What each rule's word is worth, 0..1; 0 turns a rule off. A frame's score is the largest of rule times weight, and novelty's share of how new it is.</summary>
internal sealed record SamplingWeights
{
    [Range(0.0, 1.0)]
    public double LeastConfidence { get; init; } = 1;

    [Range(0.0, 1.0)]
    public double Margin { get; init; } = 1;

    [Range(0.0, 1.0)]
    public double Entropy { get; init; } = 1;

    [Range(0.0, 1.0)]
    public double NearThreshold { get; init; } = 0.9;

    [Range(0.0, 1.0)]
    public double DetectionCount { get; init; } = 0.8;

    [Range(0.0, 1.0)]
    public double Temporal { get; init; } = 0.9;

    /// <summary>Share of a frame's score that is how unlike the reference and unlike what was sent it is; the strongest other rule has the rest.</summary>
    [Range(0.0, 1.0)]
    public double Novelty { get; init; } = 0.5;

    [Range(0.0, 1.0)]
    public double RareClass { get; init; } = 0.5;

    [Range(0.0, 1.0)]
    public double OutOfDomain { get; init; } = 0.7;
}
