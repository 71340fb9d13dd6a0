using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Grouping;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>What a model learns from and is judged on, too: the same file, part or burst, or nearly the same picture, on both sides. Pure.</summary>
internal static class LeakageCheck
{
    private const string Train = "train";

    /// <param name="near">Of <see cref="NearPairs.Groups"/>.</param>
    public static void Find(IReadOnlyList<CheckedFrame> frames, IReadOnlyList<int[]> near, FindingList findings)
    {
        var said = new HashSet<string>();
        foreach (var file in frames.GroupBy(frame => frame.Image, StringComparer.Ordinal)) Look("file", $"file {file.Key}", "The same file", [.. file]);
        foreach (var part in frames.Where(frame => frame.Part is not null).GroupBy(frame => frame.Part!, StringComparer.Ordinal)) Look("part", $"part {part.Key}", $"Part {part.Key}", [.. part]);
        foreach (var burst in frames.Where(frame => frame.Group.StartsWith(FrameGroups.BurstPrefix, StringComparison.Ordinal)).GroupBy(frame => frame.Group, StringComparer.Ordinal))
            Look("burst", burst.Key, "A burst of frames", [.. burst]);
        foreach (var places in near)
            Look("picture", $"near {string.Join(' ', places.Select(place => frames[place].Image).Distinct().Order(StringComparer.Ordinal).Take(50))}", "Nearly the same picture", [.. places.Select(place => frames[place])]);

        void Look(string by, string about, string what, CheckedFrame[] group)
        {
            var labelled = group.Where(frame => frame.Label is not null).ToArray();
            var judged = labelled.Where(frame => frame.Split != Train).OrderBy(frame => frame.Id, StringComparer.Ordinal).ToArray();
            var taught = labelled.Where(frame => frame.Split == Train).OrderBy(frame => frame.Id, StringComparer.Ordinal).ToArray();
            if (judged.Length == 0 || taught.Length == 0) return;
            // One file on both sides is also nearly the same picture; it is said once.
            string[] ids = [.. judged.Select(frame => frame.Id), .. taught.Select(frame => frame.Id)];
            if (!said.Add(string.Join(' ', ids.Order(StringComparer.Ordinal)))) return;
            findings.Add(QualityKind.Leakage, FindingLevel.Error, about, $"{what} is in training ({taught.Length}) and in {string.Join(" and ", judged.Select(frame => frame.Split).Distinct())} ({judged.Length}): a model is judged on what it learned.",
                by == "picture" ? "Drop one side; snapshots can't tell that they belong together." : "Freeze a snapshot: it keeps them apart. Frames that are golden stay golden.", Alternate(judged, taught), by == "file" ? 3 : 1);
        }
    }

    /// <summary>From both sides in turn, so that the first pictures show what is alike.</summary>
    private static string[] Alternate(CheckedFrame[] one, CheckedFrame[] other) =>
        [.. Enumerable.Range(0, Math.Max(one.Length, other.Length)).SelectMany(i => new[] { one.ElementAtOrDefault(i), other.ElementAtOrDefault(i) }).OfType<CheckedFrame>().Select(frame => frame.Id)];
}
