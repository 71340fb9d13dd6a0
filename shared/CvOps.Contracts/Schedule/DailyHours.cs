namespace CvOps.Contracts.Schedule;

/// <summary>
/// A time of day on some days. Both ends are what the clock on the wall shows: where it is put forward over an end, that end is the moment it is
/// put forward; where it is put back, the hours have both passes of the hour.
/// </summary>
/// <param name="To">At or before <paramref name="From"/>: on the day after.</param>
/// <param name="Days">Days on which they begin; none for every day.</param>
public readonly record struct DailyHours(TimeOnly From, TimeOnly To, IReadOnlyList<DayOfWeek> Days)
{
    // Hours of one day a week may fall into the hour that a clock leaves out; the week after they are there.
    private const int DaysAhead = 15;

    /// <summary>When they are, in UTC and rising order: from those that began the day before <paramref name="now"/>, which may reach into today, to two weeks ahead.</summary>
    public IEnumerable<(DateTimeOffset From, DateTimeOffset To)> Spans(TimeZoneInfo zone, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime);
        for (var day = today.AddDays(-1); day <= today.AddDays(DaysAhead); day = day.AddDays(1))
        {
            if (Days.Count > 0 && !Days.Contains(day.DayOfWeek)) continue;
            var from = ToUtc(day.ToDateTime(From), zone, last: false);
            var to = ToUtc((To <= From ? day.AddDays(1) : day).ToDateTime(To), zone, last: true);
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
