using System.Globalization;
using System.Text.RegularExpressions;

namespace CvOps.Agent.Tests.Health;

/// <summary>Reads the Prometheus text format 0.0.4 as strictly as its description is; throws at the first line that is not it.</summary>
internal static partial class PrometheusParser
{
    public static IReadOnlyList<(string Name, IReadOnlyDictionary<string, string> Labels, double Value)> Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var samples = new List<(string, IReadOnlyDictionary<string, string>, double)>();
        var typed = new HashSet<string>(StringComparer.Ordinal);
        var helped = "";
        var present = "";
        var histogram = false;
        foreach (var line in text[..^1].Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                helped = help.Groups[1].Value;
                continue;
            }
            if (Type().Match(line) is { Success: true } type)
            {
                present = type.Groups[1].Value;
                Assert.Equal(helped, present);
                Assert.True(typed.Add(present), $"{present} has two TYPE lines.");
                Assert.Equal(type.Groups[2].Value == "counter", present.EndsWith("_total", StringComparison.Ordinal));
                histogram = type.Groups[2].Value == "histogram";
                continue;
            }
            var sample = Sample().Match(line);
            Assert.True(sample.Success, $"No sample: {line}");
            var name = sample.Groups["name"].Value;
            if (histogram) Assert.Contains(name, new[] { present + "_bucket", present + "_sum", present + "_count" });
            else Assert.Equal(present, name);
            var labels = new Dictionary<string, string>();
            for (var i = 0; i < sample.Groups["label"].Captures.Count; i++)
                labels.Add(sample.Groups["label"].Captures[i].Value, Unescape(sample.Groups["value"].Captures[i].Value));
            samples.Add((name, labels, sample.Groups["number"].Value switch
            {
                "+Inf" => double.PositiveInfinity,
                "-Inf" => double.NegativeInfinity,
                var number => double.Parse(number, CultureInfo.InvariantCulture),
            }));
        }
        var keys = samples.Select(it => $"{it.Item1}|{string.Join(',', it.Item2.OrderBy(label => label.Key).Select(label => $"{label.Key}={label.Value}"))}").ToArray();
        Assert.Equal(keys.Length, keys.Distinct().Count());
        return samples;
    }

    private static string Unescape(string text) => Escape().Replace(text, match => match.Value == "\\n" ? "\n" : match.Value[1..]);

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)*)$")]
    private static partial Regex Help();

    [GeneratedRegex("^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$")]
    private static partial Regex Type();

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?:(?<label>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\]|\\\\|\\"|\\n)*)"(?:,|(?=\})))+\})? (?<number>[+-]Inf|NaN|-?[0-9.]+(?:[eE][+-]?[0-9]+)?)$""")]
    private static partial Regex Sample();

    [GeneratedRegex(@"\\.")]
    private static partial Regex Escape();
}
