using System.Globalization;
using System.Text.RegularExpressions;

namespace CvOps.Plans.Yaml;

/// <summary>Numbers as people write them: <c>1h 30m</c>, <c>2 %</c>, <c>10 MB/s</c>.</summary>
internal static partial class Quantity
{
    private static readonly Dictionary<string, double> Seconds = new(StringComparer.Ordinal)
    {
        ["ms"] = 1e-3, ["s"] = 1, ["sec"] = 1, ["m"] = 60, ["min"] = 60, ["h"] = 3600, ["d"] = 86_400, ["w"] = 604_800,
    };

    private static readonly Dictionary<string, double> Bytes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["B"] = 1, ["kB"] = 1e3, ["MB"] = 1e6, ["GB"] = 1e9, ["KiB"] = 1024, ["MiB"] = 1024 * 1024, ["GiB"] = 1024.0 * 1024 * 1024,
    };

    /// <summary>A number without a unit; NaN and the infinities are none.</summary>
    public static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;

    /// <summary>Seconds, of one or more numbers with a unit from ms to w, or of one without.</summary>
    public static double? Duration(string text)
    {
        if (Number(text) is { } plain) return plain;
        if (!Durations().IsMatch(text)) return null;
        var sum = 0.0;
        foreach (Match part in Measure().Matches(text))
        {
            if (!Seconds.TryGetValue(part.Groups["unit"].Value, out var factor) || Number(part.Groups["number"].Value) is not { } value) return null;
            sum += value * factor;
        }
        return sum;
    }

    /// <summary>Bytes a second.</summary>
    public static double? Rate(string text)
    {
        if (Number(text) is { } plain) return plain;
        return Measure().Match(text.EndsWith("/s", StringComparison.Ordinal) ? text[..^2] : text) is { Success: true, Index: 0 } match
            && match.Length == (text.EndsWith("/s", StringComparison.Ordinal) ? text.Length - 2 : text.Length) && Bytes.TryGetValue(match.Groups["unit"].Value, out var factor)
            ? Number(match.Groups["number"].Value) * factor : null;
    }

    /// <summary>The number before a percent sign.</summary>
    public static double? Percent(string text) => text.EndsWith('%') ? Number(text[..^1].TrimEnd()) : null;

    [GeneratedRegex(@"^(\d+(\.\d+)?\s*[a-z]+\s*)+$")]
    private static partial Regex Durations();

    [GeneratedRegex(@"(?<number>\d+(\.\d+)?)\s*(?<unit>[A-Za-z]+)")]
    private static partial Regex Measure();
}
