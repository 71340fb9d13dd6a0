using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>Frames of the same file, and of nearly the same picture; and those among them that are labelled otherwise. Pure.</summary>
internal static class DuplicateCheck
{
    /// <param name="near">Of <see cref="NearPairs.Groups"/>.</param>
    public static void Find(IReadOnlyList<CheckedFrame> frames, IReadOnlyList<int[]> near, FindingList findings)
    {
        foreach (var file in frames.Where(frame => !frame.IsSynthetic).GroupBy(frame => frame.Image, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            CheckedFrame[] group = [.. file];
            if (!Conflict(group, "the same file", file.Key, findings))
                findings.Add(QualityKind.ExactDuplicate, FindingLevel.Warning, file.Key, $"{group.Length} frames show the same file.", "Keep one of them: the others count it several times.", Ids(group), group.Length);
        }
        foreach (var places in near)
        {
            CheckedFrame[] group = [.. places.Select(place => frames[place])];
            var about = string.Join(' ', group.Select(frame => frame.Image).Distinct().Order(StringComparer.Ordinal).Take(50));
            if (!Conflict(group, "nearly the same picture", about, findings))
                findings.Add(QualityKind.NearDuplicate, FindingLevel.Warning, about, $"{group.Length} frames show nearly the same picture.", "Keep one of them: the others teach nothing new and count it several times.", Ids(group), group.Length);
        }
    }

    /// <returns>Whether their labels contradict each other, which matters more than that there are several.</returns>
    private static bool Conflict(CheckedFrame[] group, string alike, string about, FindingList findings)
    {
        var said = group.Where(frame => frame.Label is not null).GroupBy(frame => frame.Says!, StringComparer.Ordinal).OrderByDescending(same => same.Count()).ThenBy(same => same.Key, StringComparer.Ordinal).ToArray();
        if (said.Length < 2) return false;
        findings.Add(QualityKind.LabelConflict, FindingLevel.Error, about, $"Frames of {alike} are labelled {string.Join(" and ", said.Take(4).Select(same => $"'{same.Key}'"))}.", "Give them one label, or drop those that are wrong.",
            // The rarer label first: it is the one more likely wrong.
            said.Reverse().SelectMany(same => same).Concat(group.Where(frame => frame.Label is null)).Select(frame => frame.Id).ToArray(), group.Length, said[0].Count() > said[^1].Count() ? said[0].First().Label!.Class : null);
        return true;
    }

    private static string[] Ids(IEnumerable<CheckedFrame> frames) => [.. frames.Select(frame => frame.Id)];
}
