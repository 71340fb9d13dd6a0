using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames.Search;

/// <summary>A label as a search finds it. Pure.</summary>
/// <param name="Classes">Every class it names, between bars: <c>|dent|scratch|</c>, so that a search for one name finds no longer one.</param>
/// <param name="Text">All its words in lower case: classes, OK or NG, the note, who gave it.</param>
internal sealed record LabelWords(string Classes, string Text)
{
    // PostgreSQL takes no index entry of more than 2.7 kB; what is beyond is not found.
    private const int LongestClasses = 250;
    private const int LongestText = 400;

    public static LabelWords? Of(FrameLabel? label)
    {
        if (label is null) return null;
        string[] classes = [.. new[] { label.Class }.OfType<string>().Concat(label.Boxes.Select(box => box.Class)).Concat((label.Polygons ?? []).Select(polygon => polygon.Class)).Distinct()];
        var text = string.Join(' ', classes.Append(label.Verdict?.ToString()).Append(label.Note).Append(label.By).Where(word => !string.IsNullOrEmpty(word)));
        return new LabelWords(Cut($"|{string.Join('|', classes)}|", LongestClasses), Cut(text.ToLowerInvariant(), LongestText));
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];
}
