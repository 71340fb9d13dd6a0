using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames.Search;

/// <summary>Reads what people type into addresses and forms: the case of a word is not what they mean, and an empty field asks for nothing. Pure.</summary>
internal static class FrameQueryText
{
    /// <summary>Every name there is, in the order in which help shows them.</summary>
    public static readonly string[] Names =
        ["state", "use", "device", "camera", "part", "model", "prediction", "confidence", "rule", "inclusion", "since", "until", "label", "verdict", "by", "text", "order"];

    private static readonly string[] OfPage = ["after", "limit", "for"];

    /// <param name="values">Name and value of each parameter.</param>
    /// <param name="now">For times such as 24h, counted back from it.</param>
    /// <returns>The filter, the order that was asked for, and every mistake in a sentence.</returns>
    public static (FrameFilter Filter, FrameOrder? Order, IReadOnlyList<string> Mistakes) Read(IEnumerable<KeyValuePair<string, string?>> values, DateTimeOffset now)
    {
        var mistakes = new List<string>();
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in values)
        {
            if (!Names.Contains(name) && !OfPage.Contains(name)) mistakes.Add($"'{name}' is nothing to search frames by: use {string.Join(", ", Names)}.");
            else if (!string.IsNullOrWhiteSpace(value)) given[name] = value.Trim();
        }
        var (leastConfidence, mostConfidence) = Range("confidence");
        var (leastInclusion, mostInclusion) = Range("inclusion");
        var filter = new FrameFilter
        {
            State = Word<LabelState>("state"), Use = Word<FrameUse>("use"), Device = Text("device"), Camera = Text("camera"), Part = Text("part"), Model = Text("model"), Prediction = Text("prediction"),
            LeastConfidence = leastConfidence, MostConfidence = mostConfidence, Rule = Text("rule"), LeastInclusion = leastInclusion, MostInclusion = mostInclusion,
            Since = Time("since"), Until = Time("until"), Label = Text("label"), Verdict = Word<PartVerdict>("verdict"), By = Text("by"), Text = Text("text")?.ToLowerInvariant(),
        };
        var order = Word<FrameOrder>("order");
        if (order == FrameOrder.Value && (!filter.IsOfQueue || filter.State is not (null or LabelState.Unlabelled)))
            mistakes.Add("Only frames that wait have a value, and by value they are found by device, camera, rule and model alone: leave the rest or 'order' out.");
        return (filter, order, mistakes);

        string? Text(string name) => given.GetValueOrDefault(name);

        T? Word<T>(string name) where T : struct, Enum
        {
            if (Text(name) is not { } text) return null;
            // Enum.TryParse takes numbers for names.
            if (char.IsAsciiLetter(text[0]) && Enum.TryParse<T>(text, ignoreCase: true, out var known)) return known;
            mistakes.Add($"'{text}' is no {name} of a frame: use {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}.");
            return null;
        }

        (double?, double?) Range(string name)
        {
            if (Text(name) is not { } text) return (null, null);
            var ends = text.Split("..");
            if (ends.Length is 1 or 2 && End(ends[0], out var least) && End(ends[^1], out var most) && (least ?? most) is not null && !(least > most)) return (least, most);
            mistakes.Add($"'{text}' is no range of {name}: write 0.4..0.6, 0.9.. or ..0.5, all from 0 to 1.");
            return (null, null);
        }

        DateTimeOffset? Time(string name)
        {
            if (Text(name) is not { } text) return null;
            if (text.Length > 1 && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) && count < 100_000)
            {
                switch (text[^1])
                {
                    case 'm': return now - TimeSpan.FromMinutes(count);
                    case 'h': return now - TimeSpan.FromHours(count);
                    case 'd': return now - TimeSpan.FromDays(count);
                }
            }
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)) return time;
            mistakes.Add($"'{text}' is no time for '{name}': write 2026-11-22, 2026-11-22T10:30:00Z, or 90m, 24h, 7d for so long ago.");
            return null;
        }
    }

    private static bool End(string text, out double? value)
    {
        value = null;
        if (text.Length == 0) return true;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number > 1) return false;
        value = number;
        return true;
    }
}
