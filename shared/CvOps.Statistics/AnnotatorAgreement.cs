namespace CvOps.Statistics;

/// <summary>How far people who judge the same things say the same, beyond what chance would have them say. Pure.</summary>
public static class AnnotatorAgreement
{
    /// <summary>
    /// Krippendorff's alpha for nominal values (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"): 1 - Do / De, the disagreement observed over that
    /// expected by chance. Any number of annotators, each of whom judged some of the units. 1 is full agreement, 0 what chance gives, below 0 worse; Krippendorff asks for 0.8
    /// and lets 0.667 pass for tentative conclusions.
    /// </summary>
    /// <param name="units">What was said of each unit, one value an annotator; units with fewer than two say nothing and are left out.</param>
    /// <returns>Null where no unit has two values, or all values are the same: nothing could have differed.</returns>
    public static double? Alpha(IEnumerable<IReadOnlyList<string>> units)
    {
        var counts = new Dictionary<string, double>(StringComparer.Ordinal);
        var (values, disagreeing) = (0.0, 0.0);
        foreach (var unit in units)
        {
            if (unit.Count < 2) continue;
            values += unit.Count;
            var same = 0.0;
            foreach (var (value, count) in unit.CountBy(value => value, StringComparer.Ordinal))
            {
                counts[value] = counts.GetValueOrDefault(value) + count;
                same += (double)count * (count - 1);
            }
            // Ordered pairs of unlike values, each unit weighed by one over its values less one.
            disagreeing += (((double)unit.Count * (unit.Count - 1)) - same) / (unit.Count - 1);
        }
        var expected = (values * values) - counts.Values.Sum(count => count * count);
        return expected <= 0 ? null : 1 - ((values - 1) * disagreeing / expected);
    }

    /// <summary>Cohen's kappa of two annotators (Cohen 1960, "A coefficient of agreement for nominal scales"): (po - pe) / (1 - pe).</summary>
    /// <param name="pairs">What each said of the units that both judged.</param>
    /// <returns>Null without units, or where both always said one and the same value.</returns>
    public static double? Kappa(IReadOnlyCollection<(string A, string B)> pairs)
    {
        if (pairs.Count == 0) return null;
        double all = pairs.Count;
        var a = pairs.CountBy(pair => pair.A, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        var byChance = pairs.CountBy(pair => pair.B, StringComparer.Ordinal).Sum(count => a.GetValueOrDefault(count.Key) / all * (count.Value / all));
        return byChance >= 1 ? null : ((pairs.Count(pair => pair.A == pair.B) / all) - byChance) / (1 - byChance);
    }
}
