using System.Numerics;

namespace CvOps.Agent.Sampling;

/// <summary>Whether a frame shows nothing that another one does not show.</summary>
internal static class NearDuplicateRule
{
    // How far apart two confidences of one answer may be.
    private const double SameConfidence = 0.02;

    /// <summary>
    /// Hash and embedding must both agree: pictures of parts on a line look alike to 64 bits, and a defect is small. Of models without an embedding
    /// the answer has to agree instead, so that the pictures of a camera that shows one grey are one picture.
    /// </summary>
    /// <param name="distance">Cosine distance of the embeddings; NaN without.</param>
    public static bool IsNear(in FrameTrait frame, in FrameTrait other, double distance, int bits, double mostDistance) =>
        IsNear(frame.Hash, other.Hash, bits)
        && (double.IsNaN(distance) ? frame.Class == other.Class && Math.Abs(frame.Confidence - other.Confidence) <= SameConfidence : distance <= mostDistance);

    /// <summary>Whether so few bits differ.</summary>
    public static bool IsNear(ulong hash, ulong other, int bits) => BitOperations.PopCount(hash ^ other) <= bits;
}

/// <summary>What near-duplicates are told by, the embedding aside.</summary>
/// <param name="Hash">See <see cref="PerceptualHash"/>.</param>
internal readonly record struct FrameTrait(ulong Hash, string? Part, string? Class, double Confidence);
