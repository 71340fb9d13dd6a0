namespace CvOps.Fleet.Training.Gate;

/// <summary>A model's answer to a golden frame.</summary>
/// <param name="Says">Class, OK or NG, or boxes counted by class, whichever the label is about; null for nothing.</param>
/// <param name="Confidence">0..1 of the top class.</param>
internal readonly record struct GoldenAnswer(string? Says, bool Right, double Confidence = double.NaN);

/// <summary>One golden frame under both models.</summary>
/// <param name="Truth">What a person said of it.</param>
/// <param name="Slices">The slices it belongs to, by kind.</param>
/// <param name="Inclusion">Probability with which its device kept it; null where it is not known.</param>
/// <param name="Uncertainty">Of the model that ran on the device, 0..1; tells frames of unlike certainty apart.</param>
internal sealed record GoldenOutcome(string FrameId, string Truth, GoldenAnswer Champion, GoldenAnswer Challenger, IReadOnlyList<GoldenSlice> Slices, double? Inclusion = null, double Uncertainty = 0);

/// <param name="Kind">class, camera, light, or the key of a device's label.</param>
internal readonly record struct GoldenSlice(string Kind, string Value);
