using CvOps.Contracts;

namespace CvOps.Agent.Spool;

/// <summary>Whether a message is too old to be worth sending. Pure.</summary>
internal static class TimeToLive
{
    private static readonly long EarliestClock = Limits.EarliestClock.ToUnixTimeMilliseconds();

    /// <param name="writtenAt">Milliseconds since 1970 by the device's clock; 0 where it is not known.</param>
    /// <param name="now">The same clock's.</param>
    /// <param name="timeToLive">Zero: no limit.</param>
    public static bool IsOver(long writtenAt, long now, TimeSpan timeToLive) =>
        // A device without a battery for its clock begins in 1970: what it wrote then has no age, and while it is there nothing has.
        timeToLive > TimeSpan.Zero && writtenAt >= EarliestClock && now >= EarliestClock && now - writtenAt > timeToLive.TotalMilliseconds;

    /// <summary>What is left of it, in whole seconds, at least 1; 0 without a limit.</summary>
    public static uint SecondsLeft(long writtenAt, long now, TimeSpan timeToLive)
    {
        if (timeToLive <= TimeSpan.Zero) return 0;
        var age = writtenAt >= EarliestClock && now >= EarliestClock ? Math.Max(0, now - writtenAt) : 0;
        return (uint)Math.Clamp((timeToLive.TotalMilliseconds - age) / 1000, 1, uint.MaxValue);
    }
}
