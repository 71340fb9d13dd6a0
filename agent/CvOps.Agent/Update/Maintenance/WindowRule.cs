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

    // A window of one day a week may fall into the hour that a clock leaves out; the week after it is there.
    private const int DaysAhead = 15;

    /// <param name="windows">None: always open.</param>
    public static WindowState At(IReadOnlyList<MaintenanceWindow> windows, DateTimeOffset now)
    {
        if (windows.Count == 0) return new(true, null);
        if (now < Earliest) return new(false, null, $"the clock to be set: it says {now:yyyy-MM-dd}, so no maintenance window can be told");
        DateTimeOffset? opens = null;
        foreach (var window in windows)
        {
            foreach (var (from, to) in Spans(window, now))
            {
                if (from <= now && now < to) return new(true, to);
                if (from > now && (opens is not { } best || from < best)) opens = from;
            }
        }
        return new(false, opens);
    }

    /// <summary>From yesterday's, which may reach into today.</summary>
    private static IEnumerable<(DateTimeOffset From, DateTimeOffset To)> Spans(MaintenanceWindow window, DateTimeOffset now)
    {
        var zone = window.Zone;
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime);
        for (var day = today.AddDays(-1); day <= today.AddDays(DaysAhead); day = day.AddDays(1))
        {
            if (window.Days.Count > 0 && !window.Days.Contains(day.DayOfWeek)) continue;
            var from = ToUtc(day.ToDateTime(window.From), zone, last: false);
            var to = ToUtc((window.To <= window.From ? day.AddDays(1) : day).ToDateTime(window.To), zone, last: true);
            if (to > from) yield return (from, to);
        }
    }

    /// <param name="last">Of two moments that the clock shows alike, the later one.</param>
    private static DateTimeOffset ToUtc(DateTime local, TimeZoneInfo zone, bool last)
    {
        // The hour that was left out: on to the first minute that is there.
        while (zone.IsInvalidTime(local)) local = local.AddMinutes(1);
        var offset = zone.GetUtcOffset(local);
        if (zone.IsAmbiguousTime(local))
        {
            var offsets = zone.GetAmbiguousTimeOffsets(local);
            offset = last ? offsets.Min() : offsets.Max();
        }
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }
}
