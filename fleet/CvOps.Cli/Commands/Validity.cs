using System.CommandLine.Parsing;
using System.Globalization;

namespace CvOps.Cli.Commands;

/// <summary>Spans and moments as people write them on a command line.</summary>
internal static class Validity
{
    /// <summary>Days: <c>365d</c>.</summary>
    public static TimeSpan? Days(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text.EndsWith('d') && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is > 0 and <= 36_500) return TimeSpan.FromDays(days);
        result.AddError($"'{text}' is no number of days: write 365d, 1d to 36500d.");
        return null;
    }

    /// <summary>A day or a moment, in UTC unless it says otherwise: <c>2027-01-31</c>, <c>2027-01-31T14:00:00Z</c>.</summary>
    public static DateTimeOffset? Moment(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment)) return moment;
        result.AddError($"'{text}' is no day or moment: write 2027-01-31 or 2027-01-31T14:00:00Z.");
        return null;
    }
}
