using System.Globalization;
using CvOps.Agent.Update.Maintenance;

namespace CvOps.Agent.Tests.Update.Maintenance;

public sealed class WindowRuleTests
{
    // Berlin puts its clocks forward on 2026-03-29 at 01:00 UTC (02:00 is 03:00 there), and back on 2026-10-25 at 01:00 UTC (03:00 is 02:00).
    // Days, from, to, now in UTC: is it open, and when does that change, in UTC.
    public static TheoryData<string, string, string, string, bool, string> Moments => new()
    {
        { "every day", "22:00", "05:00", "2026-07-01 19:59", false, "2026-07-01 20:00" },
        { "every day", "22:00", "05:00", "2026-07-01 20:00", true, "2026-07-02 03:00" },
        { "past midnight", "22:00", "05:00", "2026-07-02 02:59", true, "2026-07-02 03:00" },
        { "closed at its end", "22:00", "05:00", "2026-07-02 03:00", false, "2026-07-02 20:00" },
        { "winter time", "22:00", "05:00", "2026-01-15 21:00", true, "2026-01-16 04:00" },
        { "a whole day", "06:00", "06:00", "2026-07-01 12:00", true, "2026-07-02 04:00" },
        { "saturday, sunday", "08:00", "10:00", "2026-07-01 07:00", false, "2026-07-04 06:00" },
        { "saturday", "22:00", "05:00", "2026-07-05 02:00", true, "2026-07-05 03:00" },
        { "saturday", "22:00", "05:00", "2026-07-06 02:00", false, "2026-07-11 20:00" },
        { "the night the clocks go forward has an hour less", "22:00", "05:00", "2026-03-28 21:00", true, "2026-03-29 03:00" },
        { "the night the clocks go back has an hour more", "22:00", "05:00", "2026-10-24 20:00", true, "2026-10-25 04:00" },
        { "a start that is left out is the moment after", "02:30", "04:00", "2026-03-29 00:30", false, "2026-03-29 01:00" },
        { "an end that is left out is the moment after", "01:00", "02:30", "2026-03-29 00:30", true, "2026-03-29 01:00" },
        { "wholly left out", "02:00", "03:00", "2026-03-29 00:30", false, "2026-03-30 00:00" },
        { "sunday", "02:00", "03:00", "2026-03-29 00:30", false, "2026-04-05 00:00" },
        { "an hour that comes twice is open twice, from the first", "02:00", "03:00", "2026-10-25 00:00", true, "2026-10-25 02:00" },
        { "in its second pass", "02:00", "03:00", "2026-10-25 01:30", true, "2026-10-25 02:00" },
        { "an end that comes twice is the second", "01:00", "02:30", "2026-10-25 01:15", true, "2026-10-25 01:30" },
    };

    [Theory, MemberData(nameof(Moments))]
    public void A_window_is_what_the_clock_on_the_wall_shows_there(string days, string from, string to, string now, bool open, string until)
    {
        var state = WindowRule.At([Window(days, from, to)], Utc(now));
        Assert.Equal((open, Utc(until)), (state.Open, state.Until));
    }

    [Fact]
    public void Of_several_windows_any_open_one_counts_and_the_earliest_is_waited_for()
    {
        MaintenanceWindow[] windows = [Window("monday", "06:00", "07:00"), Window("friday", "12:00", "13:00")];
        Assert.Equal(Utc("2026-07-03 10:00"), WindowRule.At(windows, Utc("2026-07-01 00:00")).Until);
        Assert.True(WindowRule.At(windows, Utc("2026-07-06 04:30")).Open);
    }

    [Fact]
    public void Without_windows_it_is_always_open() => Assert.True(WindowRule.At([], Utc("2026-07-01 00:00")).Open);

    [Fact]
    public void A_clock_that_was_never_set_tells_no_window()
    {
        var state = WindowRule.At([Window("every day", "00:00", "00:00")], DateTimeOffset.UnixEpoch);
        Assert.False(state.Open);
        Assert.StartsWith("the clock to be set: it says 1970-01-01", state.Problem, StringComparison.Ordinal);
    }

    private static MaintenanceWindow Window(string days, string from, string to) => new()
    {
        Days = [.. days.Split(", ").Where(day => Enum.TryParse<DayOfWeek>(day, ignoreCase: true, out _)).Select(day => Enum.Parse<DayOfWeek>(day, ignoreCase: true))],
        From = TimeOnly.Parse(from, CultureInfo.InvariantCulture), To = TimeOnly.Parse(to, CultureInfo.InvariantCulture), TimeZone = "Europe/Berlin",
    };

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
