namespace CvOps.Contracts.Doctor;

/// <summary>How the clock here stands to that of an HTTP server.</summary>
public static class FleetClock
{
    /// <summary>Its header Date has whole seconds (RFC 9110, 6.6.1).</summary>
    private static readonly TimeSpan HalfTick = TimeSpan.FromSeconds(0.5);

    /// <param name="before">By the clock here, when the question went.</param>
    /// <param name="after">When the answer had come.</param>
    /// <returns>By how much the clock here is ahead, and how far that may be wrong.</returns>
    public static (TimeSpan Ahead, TimeSpan Uncertainty) Of(DateTimeOffset said, DateTimeOffset before, DateTimeOffset after)
    {
        var half = (after - before) / 2;
        return (before + half - (said + HalfTick), half + HalfTick);
    }
}
