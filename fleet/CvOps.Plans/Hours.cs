using System.Globalization;
using CvOps.Contracts.Schedule;

namespace CvOps.Plans;

/// <summary>Times of day, days and time zones as plans and shifts write them.</summary>
public static class Hours
{
    private static readonly string[] DayNames = ["su", "mo", "tu", "we", "th", "fr", "sa"];

    /// <summary>From <c>HH:mm</c> and two-letter days.</summary>
    /// <param name="problem">What is wrong with the first that is; null when nothing is.</param>
    public static DailyHours? Read(string? from, string? to, IReadOnlyList<string>? days, out string? problem)
    {
        problem = null;
        if (Time(from) is not { } begins) problem = $"'{from}' is no time of day: write HH:mm, such as 22:00.";
        else if (Time(to) is not { } ends) problem = $"'{to}' is no time of day: write HH:mm, such as 05:00.";
        else if (days?.FirstOrDefault(day => Array.IndexOf(DayNames, day) < 0) is { } wrong) problem = $"'{wrong}' is no day: write mo, tu, we, th, fr, sa or su.";
        else if (days is { Count: 0 }) problem = "The list of days is empty, so it is never; leave it out for every day.";
        else return new DailyHours(begins, ends, [.. (days ?? []).Select(day => (DayOfWeek)Array.IndexOf(DayNames, day))]);
        return null;
    }

    /// <summary>The zone of an IANA name, UTC for null.</summary>
    /// <returns>Null when this machine knows no such zone.</returns>
    public static TimeZoneInfo? Zone(string? name) => name is null ? TimeZoneInfo.Utc : TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;

    public static string NoZone(string name) => $"This machine knows no time zone '{name}': write one such as Europe/Berlin, or install tzdata.";

    private static TimeOnly? Time(string? text) => TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;
}
