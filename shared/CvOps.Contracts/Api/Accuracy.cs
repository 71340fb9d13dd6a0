using CvOps.Contracts.Telemetry;

namespace CvOps.Contracts.Api;

/// <summary>How right a model is in production, from labelled sampled frames, each weighed by one over the probability with which it was kept.</summary>
public sealed record ModelAccuracy(ModelRef Model, AccuracyEstimate Overall, IReadOnlyList<AccuracyEstimate> Cameras);

public sealed record AccuracyEstimate
{
    /// <summary>Null for all cameras together.</summary>
    public DeviceId? Device { get; init; }

    /// <summary>Null for all cameras together.</summary>
    public CameraId? Camera { get; init; }

    /// <summary>Share of all inspected frames that the model judged right, 0..1; null while there are too few labels to say.</summary>
    public double? Accuracy { get; init; }

    /// <summary>Lower end of the interval that holds the share with 95 %; null without <see cref="Accuracy"/>.</summary>
    public double? Low { get; init; }

    public double? High { get; init; }

    /// <summary>Sampled frames whose probability is known.</summary>
    public required int Sampled { get; init; }

    /// <summary>Those of them that have a label.</summary>
    public required int Labelled { get; init; }

    /// <summary>Sampled frames that no estimate can use, since their probability is not known.</summary>
    public required int LeftOut { get; init; }

    /// <summary>Inspected frames that the labels stand for, estimated.</summary>
    public required double Represented { get; init; }

    /// <summary>Labels of a plain random sample that would say as much; 0 while there is no estimate.</summary>
    public double EffectiveLabels { get; init; }

    /// <summary>What is missing, and what to do, in a sentence; null when nothing is.</summary>
    public string? Note { get; init; }
}
