using CvOps.Fleet.Alerts.Channels;

namespace CvOps.Fleet.Alerts;

/// <summary>When a notification that did not get through is tried again. Pure.</summary>
internal static class DeliveryRule
{
    /// <summary>What nobody took for so long is given up, and counted.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(3);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    /// <param name="attempts">Tries before this one.</param>
    /// <param name="chance">0..1; a fifth of the pause is by lot, so that fleets do not come back all at once.</param>
    /// <returns>Null: never again.</returns>
    public static DateTimeOffset? NextTry(DeliveryResult result, int attempts, DateTimeOffset madeAt, DateTimeOffset now, double chance)
    {
        if (result.Delivered || result.IsFinal) return null;
        var pause = attempts >= 8 ? Longest : TimeSpan.FromTicks(Math.Min(First.Ticks << attempts, Longest.Ticks));
        pause *= 0.8 + 0.2 * chance;
        if (result.Wait is { } asked && asked > pause) pause = asked;
        return now + pause - madeAt > GiveUpAfter ? null : now + pause;
    }
}
