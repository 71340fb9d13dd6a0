using CvOps.Contracts;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <param name="TopK">The surest so many candidates are looked at; more are noise.</param>
/// <param name="Most">Most boxes kept.</param>
internal readonly record struct SuppressionSettings(NmsMode Mode, double IouThreshold, int TopK = SuppressionSettings.DefaultTopK, int Most = Limits.Detections)
{
    public const int DefaultTopK = 4096;

    /// <param name="own">What the kind needs unless the manifest says otherwise.</param>
    public static SuppressionSettings Of(DecoderSpec spec, NmsMode own) =>
        new(spec.Nms ?? own, spec.IouThreshold, spec.TopK ?? DefaultTopK, spec.MaxDetections ?? Limits.Detections);
}
