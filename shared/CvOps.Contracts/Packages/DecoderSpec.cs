namespace CvOps.Contracts.Packages;

/// <summary>Which boxes non-maximum suppression holds against each other: those of one class, all, or none.</summary>
public enum NmsMode { PerClass, Agnostic, None }

/// <summary>How outputs become predictions.</summary>
public sealed record DecoderSpec
{
    public required DecoderKind Kind { get; init; }

    /// <summary>Names of the graph outputs in the order the kind wants. NanoDet: scores by stride, then distances by stride.</summary>
    public required IReadOnlyList<string> Outputs { get; init; }

    /// <summary>Name of the output with the embedding, [N, dimensions]; null when the model has none.</summary>
    public string? Embedding { get; init; }

    /// <summary>NanoDet and raw YOLOX: strides in pixels, in the order of the outputs or of the cells.</summary>
    public IReadOnlyList<int> Strides { get; set; } = [];

    /// <summary>Detection: least score of a box. Several labels: least score of a label. 0..1.</summary>
    public double ScoreThreshold { get; set; } = 0.4;

    /// <summary>Detection: two boxes that overlap more than this are one, 0..1.</summary>
    public double IouThreshold { get; set; } = 0.5;

    /// <summary>Detection: null for what the kind needs, which is None for models that suppress by themselves and PerClass for all others.</summary>
    public NmsMode? Nms { get; init; }

    /// <summary>Detection: the surest so many boxes go into suppression, at least 1; null: 4096.</summary>
    public int? TopK { get; init; }

    /// <summary>Detection: most boxes that come out, the surest; 1 to <see cref="Limits.Detections"/>, which null means too.</summary>
    public int? MaxDetections { get; init; }
}
