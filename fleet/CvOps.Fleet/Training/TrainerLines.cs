using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Training;

/// <summary>Reads what a trainer says: pure.</summary>
internal static partial class TrainerLines
{
    private const int LastWords = 300;

    /// <summary>Metrics in one line.</summary>
    private const int MostMetrics = 200;

    /// <returns>Null when the text is no JSON object with an event.</returns>
    public static TrainerLine? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, ContractsJson.Default.TrainerLine) is { Event.Length: > 0 } line ? line : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Why a run cannot go on after this line, in a sentence; null when it can.</summary>
    public static string? Finding(TrainerLine line)
    {
        if (line.Event == "failed") return line.Message ?? "The trainer failed without saying why.";
        if (line.Loss is { } loss && !double.IsFinite(loss)) return $"The loss became {Text(loss)} at step {line.Step}.";
        if (line.Step < 0) return $"The trainer counts a step {line.Step}; steps begin at 0.";
        if (line.Metrics is not { } metrics) return null;
        if (metrics.Count > MostMetrics) return $"The trainer reports {metrics.Count} metrics in a line; at most {MostMetrics} are kept.";
        foreach (var (name, value) in metrics)
        {
            if (!Name().IsMatch(name)) return $"The trainer reports a metric '{Tail(name)}'; a name is up to 100 letters, digits and . _ - / after a letter.";
            if (!double.IsFinite(value)) return $"The metric {name} became {Text(value)}.";
            if (name.EndsWith("accuracy", StringComparison.OrdinalIgnoreCase) && value is < 0 or > 1) return $"The trainer claims {name} = {Text(value)}; a share lies between 0 and 1.";
        }
        return null;
    }

    public static string Tail(string text) => text.Trim() is var trimmed && trimmed.Length > LastWords ? trimmed[^LastWords..] : trimmed;

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9._/-]{0,99}$")]
    private static partial Regex Name();
}
