namespace CvOps.Fleet.Devices.Liveness;

internal enum Silence { Heard, Overdue, Silent }

/// <summary>
/// When a device that says nothing is overdue and when it counts as offline, beside the broker's last will, which comes only where the broker lost the
/// connection. Every device has a little more time than the least, by its hash: after a restart a million do not fall due in one second. Pure; seconds.
/// </summary>
internal sealed class SilenceRule(TimeSpan overdueAfter, TimeSpan offlineAfter)
{
    /// <summary>Of the time a device has, at most so much more.</summary>
    private const double Jitter = 0.2;

    /// <param name="heard">When it was last heard, or could be heard again.</param>
    /// <returns>How it stands, and when to look again.</returns>
    public (Silence State, long Next) Judge(long now, long heard, uint hash, bool online)
    {
        var (overdue, silent) = (heard + Patience(overdueAfter, hash), heard + Patience(offlineAfter, hash));
        if (!online || now < overdue) return (Silence.Heard, Math.Max(overdue, now + 1));
        return now < silent ? (Silence.Overdue, silent) : (Silence.Silent, now + Patience(overdueAfter, hash));
    }

    /// <summary>When to look first at a device that was heard now.</summary>
    public long First(long now, uint hash) => now + Patience(overdueAfter, hash);

    private static long Patience(TimeSpan least, uint hash) => (long)Math.Ceiling(least.TotalSeconds * (1 + (Jitter * hash / uint.MaxValue)));
}
