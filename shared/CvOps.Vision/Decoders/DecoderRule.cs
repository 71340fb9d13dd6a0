using CvOps.Contracts;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>Whether a manifest's decoder makes sense by itself, before any graph is seen.</summary>
internal static class DecoderRule
{
    /// <exception cref="ModelException">It does not, in a sentence.</exception>
    public static void Check(ModelManifest manifest)
    {
        var decoder = manifest.Decoder;
        if (!Enum.IsDefined(decoder.Kind)) throw new ModelException($"The decoder {decoder.Kind} is not known to this version.");
        var wanted = OutputsOf(decoder);
        if (decoder.Kind == DecoderKind.AnomalyMap && decoder.Outputs.Count == 2) wanted = 2;
        if (wanted == 0 || decoder.Outputs.Count != wanted) throw new ModelException($"A {decoder.Kind} decoder{(decoder.Kind == DecoderKind.NanoDet ? $" with {decoder.Strides.Count} strides" : "")} takes {wanted} outputs; the manifest names {decoder.Outputs.Count}.");
        if (TaskOf(decoder.Kind) != manifest.Task) throw new ModelException($"The manifest's task is {manifest.Task}, but its decoder is {decoder.Kind}.");
        if (decoder.ScoreThreshold is not (>= 0 and <= 1) || decoder.IouThreshold is not (>= 0 and <= 1)) throw new ModelException($"The manifest's thresholds {decoder.ScoreThreshold} and {decoder.IouThreshold} must be 0 to 1.");
        if (decoder.Strides.FirstOrDefault(stride => stride < 1, 1) is < 1 and var stride) throw new ModelException($"The manifest has a stride of {stride}; strides are at least 1.");
        if (decoder.Units == BoxUnits.PicturePixels && manifest.Input.Tiles is not null) throw new ModelException("The manifest's boxes are in pixels of the picture, but its input is in tiles, which know nothing of the picture.");
        if (decoder.Kind == DecoderKind.YoloPose && decoder.Keypoints is not { Count: > 0 }) throw new ModelException("A YoloPose decoder needs the manifest's keypoints, their names in the model's order; the manifest names none.");
        if (manifest.Task == ModelTask.Segmentation) CheckArea(manifest);
        if (manifest.Task == ModelTask.Anomaly) CheckAnomaly(manifest);
        if (decoder.MaskThreshold is not (null or (> 0 and < 1))) throw new ModelException($"The manifest's maskThreshold is {decoder.MaskThreshold}; it must be above 0 and below 1.");
        if (decoder.TopK is < 1) throw new ModelException($"The manifest's topK is {decoder.TopK}; it must be at least 1.");
        if (decoder.MaxDetections is < 1 or > Limits.Detections) throw new ModelException($"The manifest's maxDetections is {decoder.MaxDetections}; 1 to {Limits.Detections} are possible.");
    }

    private static void CheckArea(ModelManifest manifest)
    {
        if (manifest.Decoder.RejectArea is not (null or (>= 0 and <= 1))) throw new ModelException($"The manifest's rejectArea is {manifest.Decoder.RejectArea}; it is a fraction of the picture, 0 to 1.");
        if (manifest.RejectClasses.Count > 0 && manifest.Decoder.RejectArea is null) throw new ModelException("The manifest has classes that reject a part, but no rejectArea says how much of the picture one of them may cover.");
    }

    private static void CheckAnomaly(ModelManifest manifest)
    {
        if (manifest.Classes.Count != 2) throw new ModelException($"An anomaly model has two classes, normal and anomalous in this order; the manifest names {manifest.Classes.Count}.");
        if (manifest.Decoder.Anomaly is not { } anomaly) throw new ModelException("An anomaly model needs the manifest's anomaly, where normal ends; the manifest has none.");
        if (!double.IsFinite(anomaly.Threshold) || !double.IsFinite(anomaly.Highest - anomaly.Lowest) || anomaly.Highest <= anomaly.Lowest || anomaly.MapThreshold is double.NaN)
            throw new ModelException($"The manifest's anomaly has threshold {anomaly.Threshold}, lowest {anomaly.Lowest} and highest {anomaly.Highest}; all must be finite and highest above lowest.");
    }

    public static ModelTask TaskOf(DecoderKind kind) => kind switch
    {
        DecoderKind.Probabilities or DecoderKind.Logits or DecoderKind.MultiLabelProbabilities or DecoderKind.MultiLabelLogits => ModelTask.Classification,
        DecoderKind.Segmentation or DecoderKind.ClassMap => ModelTask.Segmentation,
        DecoderKind.AnomalyMap => ModelTask.Anomaly,
        _ => ModelTask.Detection,
    };

    private static int OutputsOf(DecoderSpec decoder) => decoder.Kind switch
    {
        DecoderKind.NanoDet => 2 * decoder.Strides.Count,
        DecoderKind.Ssd or DecoderKind.Detr or DecoderKind.YoloSegmentation => 2,
        DecoderKind.Torchvision or DecoderKind.RtDetr => 3,
        DecoderKind.TensorFlowDetection or DecoderKind.EfficientNms => 4,
        _ => 1,
    };
}
