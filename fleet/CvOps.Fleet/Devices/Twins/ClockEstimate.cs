using CvOps.Contracts.Api;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>
/// A device's clock against the fleet's, from reports that say when they were made. A report takes its time and never comes early, so the least of the
/// newest differences has the least of the way in it (the clock filter of RFC 5905, section 10, one way): an hour's backlog after an outage moves
/// nothing. What every report takes stays in the offset: one way alone cannot tell it. Pure.
/// </summary>
internal static class ClockEstimate
{
    /// <summary>Differences that are kept.</summary>
    public const int Samples = 8;

    /// <summary>Below so many nothing is said.</summary>
    private const int Least = 3;

    /// <param name="differences">Arrival less the device's time, milliseconds.</param>
    /// <returns>Null while there are too few.</returns>
    public static ClockOffset? Of(ReadOnlySpan<int> differences)
    {
        if (differences.Length < Least) return null;
        Span<int> sorted = stackalloc int[Samples];
        sorted = sorted[..differences.Length];
        differences.CopyTo(sorted);
        sorted.Sort();
        // How much the way takes beyond its least, half of the time.
        var spread = (long)sorted[sorted.Length / 2] - sorted[0];
        return new ClockOffset(-sorted[0] / 1000.0, spread / 1000.0, differences.Length);
    }

    /// <summary>A clock that was never set is off by more than fits: then it is at least that.</summary>
    public static int Sample(long milliseconds) => (int)Math.Clamp(milliseconds, int.MinValue + 1, int.MaxValue);
}
