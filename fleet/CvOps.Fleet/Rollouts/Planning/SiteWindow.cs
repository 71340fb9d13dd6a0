using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Plans;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>What a plan's windows allow on a site at a moment.</summary>
/// <param name="Open">Devices may change, whatever the line does.</param>
/// <param name="IdleSeconds">Where it is not open: devices may change whose line has stood still for so long; null when none may.</param>
/// <param name="Until">When the next window opens, as far as the clock knows; null when none will in the next two weeks, or it is open.</param>
/// <param name="Words">What a device waits for that may not change now, after "waits for".</param>
internal sealed record SiteWindow(bool Open, double? IdleSeconds, DateTimeOffset? Until, string Words)
{
    private static readonly SiteWindow Always = new(true, null, null, "nothing");

    /// <param name="shifts">Of the site; null when it has none.</param>
    public static SiteWindow At(IReadOnlyList<RolloutWindow> windows, SiteShifts? shifts, DateTimeOffset now)
    {
        if (windows.Count == 0) return Always;
        var (open, words) = (new List<RolloutWindow>(), new List<string>());
        DateTimeOffset? next = null;
        foreach (var window in windows)
        {
            var (isOpen, opens, problem) = WindowHours.At(window, shifts, now);
            if (isOpen) open.Add(window);
            if (opens is { } moment && (next is null || moment < next)) next = moment;
            words.Add(problem ?? $"window {Describe(window, shifts)} to open");
        }
        if (open.Any(window => window.IdleSeconds is null)) return Always;
        double? idle = open.Count == 0 ? null : open.Min(window => window.IdleSeconds);
        return new SiteWindow(false, idle, idle is null ? next : null, idle is { } seconds
            ? $"the line to stand still for {RolloutWords.Time(TimeSpan.FromSeconds(seconds))}"
            : string.Join(" or ", words));
    }

    private static string Describe(RolloutWindow window, SiteShifts? shifts) => string.Join(' ', new[]
    {
        window.Days is { } days ? string.Join('/', days) : null,
        window.From is null ? null : $"{window.From}-{window.To}",
        window.From is null ? null : window.TimeZone ?? "UTC",
        window.Shift is { } shift ? $"shift {shift} of {shifts?.Site}" : null,
        window.IdleSeconds is { } idle ? $"after {RolloutWords.Time(TimeSpan.FromSeconds(idle))} without a part" : null,
    }.Where(part => part is not null));
}

/// <summary>When a window is open by the clock and the shift, the line left out.</summary>
internal static class WindowHours
{
    /// <returns>Whether it is, when it is next while it is not, and why it never is.</returns>
    public static (bool Open, DateTimeOffset? Opens, string? Problem) At(RolloutWindow window, SiteShifts? shifts, DateTimeOffset now)
    {
        string? problem = null;
        var clock = window.From is null && window.To is null && window.Days is null ? null : Clock(window, now, out problem);
        var shift = window.Shift is null || problem is not null ? null : Shift(window.Shift, shifts, now, out problem);
        if (problem is not null) return (false, null, problem);
        var spans = (clock, shift) switch
        {
            (null, null) => [(DateTimeOffset.MinValue, DateTimeOffset.MaxValue)],
            (null, _) => shift!,
            (_, null) => clock!,
            _ => clock!.SelectMany(a => shift!, (a, b) => (From: a.From > b.From ? a.From : b.From, To: a.To < b.To ? a.To : b.To)).Where(both => both.From < both.To),
        };
        DateTimeOffset? opens = null;
        foreach (var (from, to) in spans)
        {
            if (from <= now && now < to) return (true, null, null);
            if (from > now && (opens is null || from < opens)) opens = from;
        }
        return (false, opens, opens is null ? "a window that does not open in the next two weeks" : null);
    }

    private static (DateTimeOffset From, DateTimeOffset To)[]? Clock(RolloutWindow window, DateTimeOffset now, out string? problem)
    {
        // Days alone are whole days.
        var whole = window.From is null && window.To is null;
        var hours = Hours.Read(whole ? "00:00" : window.From, whole ? "00:00" : window.To, window.Days, out problem);
        if (hours is null) return null;
        if (Hours.Zone(window.TimeZone) is { } zone) return [.. hours.Value.Spans(zone, now)];
        problem = Hours.NoZone(window.TimeZone!);
        return null;
    }

    private static (DateTimeOffset From, DateTimeOffset To)[]? Shift(string name, SiteShifts? shifts, DateTimeOffset now, out string? problem)
    {
        problem = null;
        if (shifts?.Shifts.FirstOrDefault(shift => shift.Name == name) is not { } shift)
        {
            problem = $"shift {name}, which site {shifts?.Site.Value ?? "it is on"} does not have";
            return null;
        }
        if (Hours.Zone(shifts.TimeZone) is not { } zone)
        {
            problem = Hours.NoZone(shifts.TimeZone!);
            return null;
        }
        return Hours.Read(shift.From, shift.To, shift.Days, out problem) is { } hours ? [.. hours.Spans(zone, now)] : null;
    }
}
