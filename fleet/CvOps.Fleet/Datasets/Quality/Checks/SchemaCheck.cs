using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>Whether the labels of a dataset are of one form. Pure.</summary>
internal static class SchemaCheck
{
    // A form that so few frames have is a slip, not a habit.
    private const double Rare = 0.05;

    public static void Find(IReadOnlyList<CheckedFrame> frames, FindingList findings)
    {
        var labelled = frames.Where(frame => frame.Label is not null).ToArray();
        foreach (var names in Alike(labelled.SelectMany(frame => NamesOf(frame.Label!)).Distinct(StringComparer.Ordinal)))
        {
            var rarest = names.MinBy(name => labelled.Count(frame => NamesOf(frame.Label!).Contains(name)))!;
            findings.Add(QualityKind.Schema, FindingLevel.Error, $"names {string.Join('|', names)}",
                $"{string.Join(", ", names.Select(name => $"'{name}'"))} differ by case, spaces or hyphens alone: a model would take them for several classes.", "Give all of them one name.",
                labelled.Where(frame => NamesOf(frame.Label!).Contains(rarest)).Select(frame => frame.Id), names.Length);
        }
        foreach (var form in labelled.GroupBy(frame => FormOf(frame.Label!)))
        {
            var count = form.Count();
            if (count > Rare * labelled.Length) continue;
            findings.Add(QualityKind.Schema, FindingLevel.Warning, $"form {form.Key}", $"{count} of {labelled.Length} labels hold {form.Key}, most others do not: trainers want one form.", "Label them as the others are, or drop them.", form.Select(frame => frame.Id));
        }
    }

    /// <returns>Names that are one when case, spaces, hyphens and underscores do not count, each group in order.</returns>
    public static IEnumerable<string[]> Alike(IEnumerable<string> names) =>
        names.GroupBy(name => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant()).Where(group => group.Count() > 1).Select(group => group.Order(StringComparer.Ordinal).ToArray());

    private static IEnumerable<string> NamesOf(FrameLabel label) =>
        (label.Class is { } name ? new[] { name } : []).Concat(label.Boxes.Select(box => box.Class)).Concat((label.Polygons ?? []).Select(polygon => polygon.Class)).Distinct();

    private static string FormOf(FrameLabel label) => label switch
    {
        { Polygons.Count: > 0 } => "outlines",
        { Boxes.Count: > 0 } => "boxes",
        { Class: not null } => "a class alone",
        { Verdict: not null } => "a verdict alone",
        // Nothing to see is a label of any form.
        _ => "nothing to see",
    };
}
