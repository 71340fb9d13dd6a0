using System.CommandLine.Parsing;
using System.Globalization;

namespace CvOps.Cli.Commands;

/// <summary>Spans of time as people write them: <c>90s</c>, <c>30m</c>, <c>4h</c>, <c>7d</c>.</summary>
internal static class Spans
{
    public static TimeSpan Parse(ArgumentResult result)
    {
        if (Read(result.Tokens[0].Value) is { } span) return span;
        result.AddError($"'{result.Tokens[0].Value}' is no span of time: write 90s, 30m, 4h or 7d.");
        return default;
    }

    /// <summary>As <see cref="Parse"/>; <c>never</c> is null.</summary>
    public static TimeSpan? ParseOrNever(ArgumentResult result) => result.Tokens[0].Value == "never" ? null : Parse(result);

    public static string Word(TimeSpan span) => span switch
    {
        { Ticks: 0 } => "at once",
        _ when span.Ticks % TimeSpan.TicksPerDay == 0 => $"{span.Days}d",
        _ when span.Ticks % TimeSpan.TicksPerHour == 0 => $"{(int)span.TotalHours}h",
        _ when span.Ticks % TimeSpan.TicksPerMinute == 0 => $"{(int)span.TotalMinutes}m",
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.#}s"),
    };

    private static TimeSpan? Read(string text)
    {
        if (text.Length < 2 || !double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number > 1e6) return null;
        return text[^1] switch { 's' => TimeSpan.FromSeconds(number), 'm' => TimeSpan.FromMinutes(number), 'h' => TimeSpan.FromHours(number), 'd' => TimeSpan.FromDays(number), _ => null };
    }
}
