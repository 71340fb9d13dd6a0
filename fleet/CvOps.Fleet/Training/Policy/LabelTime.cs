namespace CvOps.Fleet.Training.Policy;

/// <summary>How long people take for a label. Pure.</summary>
internal static class LabelTime
{
    /// <summary>A longer gap between two labels is a pause.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    /// <param name="labels">Who labelled, and when, in any order.</param>
    /// <returns>Median seconds from one label of a person to the next; null where nobody labelled two in a row.</returns>
    public static double? Seconds(IEnumerable<(string By, DateTimeOffset At)> labels)
    {
        var gaps = new List<double>();
        foreach (var person in labels.GroupBy(label => label.By, label => label.At))
        {
            var times = person.Order().ToArray();
            for (var i = 1; i < times.Length; i++)
                if (times[i] - times[i - 1] <= Pause) gaps.Add((times[i] - times[i - 1]).TotalSeconds);
        }
        if (gaps.Count == 0) return null;
        gaps.Sort();
        return gaps.Count % 2 == 1 ? gaps[gaps.Count / 2] : (gaps[(gaps.Count / 2) - 1] + gaps[gaps.Count / 2]) / 2;
    }
}
