using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames.Annotators;

/// <summary>What several opinions come to.</summary>
/// <param name="State">Unlabelled: more are needed. Review: they disagree.</param>
/// <param name="Why">What they disagree on; null otherwise.</param>
internal sealed record Consensus(LabelState State, FrameLabel? Label, string? Why);

/// <summary>
/// Makes one label of several opinions: class and verdict by majority, boxes and outlines by who drew the same (<see cref="ShapeConsensus"/>). More than half have to agree on
/// each; where they do not, a reviewer decides, never the order in which they came. Pure.
/// </summary>
internal static class ConsensusRule
{
    private const string NoClass = "no class";

    /// <param name="opinions">One of each annotator.</param>
    /// <param name="needed">How many annotators the frame needs.</param>
    public static Consensus Decide(IReadOnlyList<LabelOpinion> opinions, int needed, double leastIou, DateTimeOffset at)
    {
        if (opinions.Count < needed) return new(LabelState.Unlabelled, null, null);
        var skipped = opinions.Count(opinion => opinion.Label is null);
        if (2 * skipped > opinions.Count) return new(LabelState.Skipped, null, null);
        if (2 * skipped == opinions.Count) return new(LabelState.Review, null, $"{Names(opinions.Where(opinion => opinion.Label is null))} can't judge it, {Names(opinions.Where(opinion => opinion.Label is not null))} can.");

        LabelOpinion[] said = [.. opinions.Where(opinion => opinion.Label is not null).OrderBy(opinion => opinion.By, StringComparer.Ordinal)];
        var doubts = new List<string>();
        var name = Majority(said, label => label.Class ?? NoClass, "class", doubts);
        var verdict = Majority(said, label => label.Verdict?.ToString().ToUpperInvariant() ?? "no verdict", "verdict", doubts);
        var (boxes, openBoxes) = ShapeConsensus.Of([.. said.Select(opinion => opinion.Label!.Boxes)], leastIou, (a, b) => a.Class == b.Class ? ShapeOverlap.Of(a, b) : 0, Median);
        var (polygons, openPolygons) = ShapeConsensus.Of([.. said.Select(opinion => opinion.Label!.Polygons ?? [])], leastIou, (a, b) => a.Class == b.Class ? ShapeOverlap.Of(a, b) : 0, Middle);
        if (openBoxes > 0) doubts.Add($"{openBoxes} box(es) that only half of them drew: {Drawn(said, label => label.Boxes.Select(box => box.Class))}.");
        if (openPolygons > 0) doubts.Add($"{openPolygons} {(openPolygons == 1 ? "outline" : "outlines")} that only half of them drew: {Drawn(said, label => (label.Polygons ?? []).Select(polygon => polygon.Class))}.");
        if (doubts.Count > 0) return new(LabelState.Review, null, string.Join(' ', doubts));

        var agreeing = said.Where(opinion => (opinion.Label!.Class ?? NoClass) == name).ToArray();
        var notes = string.Join(" / ", said.Select(opinion => opinion.Label!.Note).OfType<string>().Distinct());
        return new(LabelState.Labelled, new FrameLabel(
            name == NoClass ? null : name, boxes, string.Join(", ", agreeing.Select(opinion => opinion.By)), at, said.All(opinion => opinion.Label!.Polygons is null) ? null : polygons,
            Enum.TryParse<PartVerdict>(verdict, ignoreCase: true, out var known) ? known : null, notes.Length > 0 ? notes : null), null);
    }

    private static string? Majority(LabelOpinion[] said, Func<FrameLabel, string> value, string what, List<string> doubts)
    {
        var votes = said.GroupBy(opinion => value(opinion.Label!), StringComparer.Ordinal).OrderByDescending(group => group.Count()).ToArray();
        if (2 * votes[0].Count() > said.Length) return votes[0].Key;
        doubts.Add($"The {what}: {string.Join(", ", votes.Select(group => $"{Names(group)} {(group.Count() == 1 ? "says" : "say")} {group.Key}"))}.");
        return null;
    }

    private static string Names(IEnumerable<LabelOpinion> opinions) => string.Join(" and ", opinions.Select(opinion => opinion.By).Order(StringComparer.Ordinal));

    private static string Drawn(LabelOpinion[] said, Func<FrameLabel, IEnumerable<string>> classes) =>
        string.Join(", ", said.Select(opinion => $"{opinion.By} drew {(string.Join(" and ", classes(opinion.Label!)) is { Length: > 0 } names ? names : "none")}"));

    private static LabelBox Median(IReadOnlyList<LabelBox> boxes)
    {
        var (left, top, right, bottom) = (Middle(box => box.X), Middle(box => box.Y), Middle(box => box.X + box.Width), Middle(box => box.Y + box.Height));
        return new LabelBox(boxes[0].Class, left, top, right - left, bottom - top);

        double Middle(Func<LabelBox, double> edge)
        {
            double[] sorted = [.. boxes.Select(edge).Order()];
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }

    /// <summary>The outline that overlaps the others most: an average of corners is no outline.</summary>
    private static LabelPolygon Middle(IReadOnlyList<LabelPolygon> polygons) => polygons.MaxBy(polygon => polygons.Sum(other => ShapeOverlap.Of(polygon, other)))!;
}
