using CvOps.Fleet.Frames;

namespace CvOps.Fleet.Training.Gate;

/// <summary>One golden frame under both models.</summary>
/// <param name="Truth">What a person said of it.</param>
/// <param name="Slices">The slices it belongs to, by kind.</param>
/// <param name="Inclusion">Probability with which its device kept it; null where it is not known.</param>
/// <param name="Uncertainty">Of the model that ran on the device, 0..1; tells frames of unlike certainty apart.</param>
internal sealed record GoldenOutcome(string FrameId, string Truth, Answer Champion, Answer Challenger, IReadOnlyList<GoldenSlice> Slices, double? Inclusion = null, double Uncertainty = 0);

/// <param name="Kind">class, camera, light, or the key of a device's label.</param>
internal readonly record struct GoldenSlice(string Kind, string Value);
