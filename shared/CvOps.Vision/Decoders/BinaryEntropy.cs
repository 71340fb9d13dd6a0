namespace CvOps.Vision.Decoders;

internal static class BinaryEntropy
{
    /// <summary>Shannon entropy of yes or no in bits, 0..1 (1948).</summary>
    /// <param name="probability">0..1.</param>
    public static double Of(double probability) =>
        probability is <= 0 or >= 1 ? 0 : -(probability * Math.Log2(probability) + (1 - probability) * Math.Log2(1 - probability));
}
