namespace CvOps.Agent.Sampling;

/// <summary>
/// How probable it was that a frame is kept, given how the draws of all other frames went. One over it is the frame's weight in an estimate of all
/// frames, without bias (Horvitz and Thompson 1952): the expectation holds for whatever the others did, so it holds altogether.
/// </summary>
internal static class InclusionRule
{
    /// <summary>Priority sampling (Duffield, Lund and Thorup 2007): a frame of weight w and uniform draw u in (0, 1] has the priority w / u.</summary>
    /// <param name="threshold">The priority it had to surpass: the last that any other frame may have and be kept; 0 when there was place for all.</param>
    public static double OfScore(double weight, double threshold) => weight <= 0 ? 0 : threshold <= 0 ? 1 : Math.Min(1, weight / threshold);

    /// <summary>A draw of so many places among frames that are all alike (Vitter 1985).</summary>
    public static double OfLot(int places, long seen) => seen <= 0 ? 0 : Math.Min(1, places / (double)seen);

    /// <summary>Kept by any of three draws that know nothing of each other.</summary>
    public static double OfAny(double audit, double lot, double score) => 1 - (1 - audit) * (1 - lot) * (1 - score);
}
