namespace CvOps.Contracts.Packages;

/// <summary>Which boxes non-maximum suppression holds against each other: those of one class, all, or none.</summary>
public enum NmsMode { PerClass, Agnostic, None }

/// <summary>What a model's coordinates count: pixels of its input, fractions of the input's width and height, or pixels of the whole picture.</summary>
public enum BoxUnits { InputPixels, Normalised, PicturePixels }

/// <summary>
/// Where normal ends, in the model's own unit. The normalised score is (score - <paramref name="Threshold"/>) / (<paramref name="Highest"/> -
/// <paramref name="Lowest"/>) + 0.5, cut to 0..1 (anomalib, Akcay et al. 2022).
/// </summary>
/// <param name="Threshold">Least score of an anomalous picture.</param>
/// <param name="Lowest">Least score met when the threshold was chosen.</param>
/// <param name="Highest">Largest score met then, above <paramref name="Lowest"/>.</param>
/// <param name="MapThreshold">Least value of an anomalous place in the map; null for <paramref name="Threshold"/>.</param>
public sealed record AnomalySpec(double Threshold, double Lowest, double Highest, double? MapThreshold = null);

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

    /// <summary>Detection: null for what the kind says.</summary>
    public BoxUnits? Units { get; init; }

    /// <summary>Kinds whose outputs name classes by number: the number of the first class in the manifest; lower ones are background. Null for what the kind says, else 0.</summary>
    public int? FirstClassId { get; init; }

    /// <summary>Keypoint models: the keypoints' names, in the model's order.</summary>
    public IReadOnlyList<string>? Keypoints { get; init; }

    /// <summary>Masks: least probability of a pixel that belongs to one, above 0 and below 1; null: 0.5.</summary>
    public double? MaskThreshold { get; init; }

    /// <summary>Segmentation with reject classes: the fraction of the picture, 0..1, that one of them may cover without rejecting the part.</summary>
    public double? RejectArea { get; init; }

    /// <summary>Anomaly models: where normal ends.</summary>
    public AnomalySpec? Anomaly { get; init; }
}
