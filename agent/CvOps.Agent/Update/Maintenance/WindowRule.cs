using CvOps.Contracts.Schedule;

namespace CvOps.Agent.Update.Maintenance;

/// <param name="Open">The model may be changed now.</param>
/// <param name="Until">While open, when it closes; while closed, when it opens; null when neither will be.</param>
/// <param name="Problem">Why no window can be told; null when one can.</param>
internal readonly record struct WindowState(bool Open, DateTimeOffset? Until, string? Problem = null);

/// <summary>Whether a maintenance window is open, and when the next one opens. Pure.</summary>
internal static class WindowRule
{
    /// <summary>A clock before this was never set: no device had this code then.</summary>
    public static readonly DateTimeOffset Earliest = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="windows">None: always open.</param>
    public static WindowState At(IReadOnlyList<MaintenanceWindow> windows, DateTimeOffset now)
    {
        if (windows.Count == 0) return new(true, null);
        if (now < Earliest) return new(false, null, $"the clock to be set: it says {now:yyyy-MM-dd}, so no maintenance window can be told");
        DateTimeOffset? opens = null;
        foreach (var window in windows)
        {
            foreach (var (from, to) in new DailyHours(window.From, window.To, window.Days).Spans(window.Zone, now))
            {
                if (from <= now && now < to) return new(true, to);
                if (from > now && (opens is not { } best || from < best)) opens = from;
            }
        }
        return new(false, opens);
    }
}
