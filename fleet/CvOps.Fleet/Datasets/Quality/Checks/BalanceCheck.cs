using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>How many frames each class has, and where. Pure.</summary>
internal static class BalanceCheck
{
    /// <summary>With fewer a class can be neither learned nor judged.</summary>
    public const int LeastFrames = 10;

    /// <summary>The largest class may be so many times a smaller one.</summary>
    public const double MostRatio = 20;

    public static void Find(IReadOnlyList<CheckedFrame> frames, FindingList findings)
    {
        var classes = frames.Where(frame => frame.Label?.Class is not null).GroupBy(frame => frame.Label!.Class!, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).ToArray();
        if (classes.Length == 0) return;
        if (classes.Length == 1)
        {
            findings.Add(QualityKind.Balance, FindingLevel.Error, "one class", $"All {classes[0].Count()} labels say '{classes[0].Key}': of one class nothing can be learned.", "Label frames of another class.", Ids(classes[0]), 10);
            return;
        }
        var largest = classes.MaxBy(group => group.Count())!;
        var splits = frames.Where(frame => frame.Label?.Class is not null).Select(frame => frame.Split).Distinct().ToArray();
        foreach (var group in classes)
        {
            var count = group.Count();
            if (count < LeastFrames)
                findings.Add(QualityKind.Balance, count < 2 ? FindingLevel.Error : FindingLevel.Warning, $"few {group.Key}", $"Class '{group.Key}' has {(count == 1 ? "one frame" : $"{count} frames")}.", $"Label at least {LeastFrames}: 'cvops frames like' finds more of the kind.", Ids(group), 9.0 / count);
            else if (largest.Count() > MostRatio * count)
                findings.Add(QualityKind.Balance, FindingLevel.Warning, $"ratio {group.Key}", string.Create(CultureInfo.InvariantCulture, $"Class '{largest.Key}' has {(double)largest.Count() / count:0} times the frames of class '{group.Key}' ({largest.Count()} and {count})."), "Label more of the smaller, or train balanced.", Ids(group), 0.5);
            foreach (var split in splits.Where(split => group.All(frame => frame.Split != split)).Order(StringComparer.Ordinal))
                findings.Add(QualityKind.Balance, FindingLevel.Warning, $"absent {group.Key} {split}", $"Class '{group.Key}' has no frame in {split}: {(split == "train" ? "a model can't learn it there" : "no model is judged on it there")}.", "Label more of it, or split by other shares.", Ids(group), 0.8);
        }
    }

    private static string[] Ids(IEnumerable<CheckedFrame> frames) => [.. frames.Select(frame => frame.Id)];
}
