namespace CvOps.Contracts.Packages;

/// <summary>
/// What a model is for. Detection takes in boxes with an angle, a mask or keypoints. Segmentation names every pixel; Anomaly says how unlike
/// good parts a picture is, and where. Each decoder kind belongs to one.
/// </summary>
public enum ModelTask { Classification, Detection, Segmentation, Anomaly }

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

    /// <summary>
    /// Classes that reject a part. Classification: when the top class, or any label over the threshold, is one of them. Detection: when any box
    /// is. Segmentation: when one covers more than the area that rejects. Anomaly: when its second class is one and is the answer.
    /// </summary>
    public IReadOnlyList<string> RejectClasses { get; set; } = [];

    /// <summary>Longest inference a device may need, milliseconds; null for no limit.</summary>
    public double? LatencyLimitMs { get; init; }

    /// <summary>What a device must have for it; null for nothing in particular.</summary>
    public ModelRequirements? Requires { get; init; }
}
