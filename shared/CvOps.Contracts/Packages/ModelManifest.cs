namespace CvOps.Contracts.Packages;

public enum ModelTask { Classification, Detection }

/// <summary>
/// <c>manifest.json</c> of a model package: everything the agent needs to know about a model that the ONNX graph does not say.
/// Preprocessing and decoding come from here, never from code.
/// </summary>
public sealed record ModelManifest
{
    /// <summary>Version of this document's form.</summary>
    public int Format { get; set; } = 1;

    public required string Name { get; init; }

    public required string Version { get; init; }

    public required ModelTask Task { get; init; }

    public required InputSpec Input { get; init; }

    public required DecoderSpec Decoder { get; init; }

    /// <summary>Class names in the model's order.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Classes that reject a part.</summary>
    public IReadOnlyList<string> RejectClasses { get; set; } = [];

    /// <summary>Longest inference a device may need, milliseconds; null for no limit.</summary>
    public double? LatencyLimitMs { get; init; }
}

public enum DecoderKind
{
    /// <summary>One output of probabilities, [N, classes].</summary>
    Probabilities,

    /// <summary>One output of logits, [N, classes]; softmax is ours.</summary>
    Logits,

    /// <summary>NanoDet: per stride a class-score output (already sigmoid) and a distance output of 4 x bins.</summary>
    NanoDet,

    /// <summary>YOLOv8/11: one output [1, 4 + classes, anchors], boxes as centre x, y, width, height in input pixels.</summary>
    YoloV8,
}

/// <summary>How outputs become predictions.</summary>
public sealed record DecoderSpec
{
    public required DecoderKind Kind { get; init; }

    /// <summary>Names of the graph outputs in the order the kind wants. NanoDet: scores by stride, then distances by stride.</summary>
    public required IReadOnlyList<string> Outputs { get; init; }

    /// <summary>Name of the output with the embedding, [N, dimensions]; null when the model has none.</summary>
    public string? Embedding { get; init; }

    /// <summary>Detectors: strides in pixels, matching <see cref="Outputs"/>.</summary>
    public IReadOnlyList<int> Strides { get; set; } = [];

    /// <summary>Detectors: least score of a box, 0..1.</summary>
    public double ScoreThreshold { get; set; } = 0.4;

    /// <summary>Detectors: two boxes of a class that overlap more than this are one, 0..1.</summary>
    public double IouThreshold { get; set; } = 0.5;
}
