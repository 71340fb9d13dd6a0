namespace CvOps.Fleet.Frames.Queue;

/// <summary>
/// Shares the queue among cameras, so that one that sends many hard frames does not take all of a person's day. Pure.
/// <para>
/// The k-th best frame of a camera counts V / (k + s), where s is how many labels the camera got already, in units of what cameras got on average: places in the queue go
/// to the highest averages, as seats do by d'Hondt's method (Balinski and Young 1982, "Fair Representation"). A camera whose frames are worth twice as
/// much gets about twice as many places, and one that nobody ever looked at comes first among equals.
/// </para>
/// </summary>
internal static class CameraShare
{
    /// <param name="place">0 for a camera's best frame that waits.</param>
    public static double Of(double worth, long place, double labelled) => worth / (1 + place + labelled);

    /// <param name="labels">What the camera got.</param>
    /// <param name="all">What all cameras got together.</param>
    /// <param name="cameras">How many those are, at least 1.</param>
    public static double Labelled(long labels, long all, int cameras) => all == 0 ? 0 : (double)labels * cameras / all;
}
