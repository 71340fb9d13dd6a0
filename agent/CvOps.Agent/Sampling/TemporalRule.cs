namespace CvOps.Agent.Sampling;

/// <summary>Wants the frames that contradict the one before: an object or part whose class flips, an object that was seen in one frame only.</summary>
internal static class TemporalRule
{
    public const string Name = "temporal";

    private const double SeenOnce = 0.7;

    /// <param name="flips">Objects or parts that have another class than when they were last seen.</param>
    /// <param name="seenOnce">Objects that the frame before showed for the first time and this one does not show.</param>
    public static double Score(int flips, int seenOnce) => flips > 0 ? 1 : seenOnce > 0 ? SeenOnce : 0;
}
