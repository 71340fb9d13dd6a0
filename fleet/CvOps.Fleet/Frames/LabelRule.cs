using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames;

/// <summary>Which labels are taken. Pure.</summary>
internal static class LabelRule
{
    private const int LongestClass = 128;
    private const int LongestVia = 40;
    private const int LongestNote = 300;
    private const int LeastCorners = 3;

    public static bool SaysSomething(LabelRequest request) => request.Class is not null || request.Boxes is not null || request.Polygons is not null || request.Verdict is not null;

    /// <returns>Why not, in a sentence; null when it is a label.</returns>
    public static string? Refuse(LabelRequest request)
    {
        if (RefuseName(request.By) is { } nameless) return nameless;
        if (request.Via is { Length: > LongestVia }) return $"'via' has at most {LongestVia} characters: page, cli, a program's name.";
        if (request.Note is { Length: > LongestNote }) return $"A note has at most {LongestNote} characters; this one has {request.Note.Length}.";
        if (request.Skip) return SaysSomething(request) ? "A skipped frame has no label: leave 'class', 'boxes', 'polygons' and 'verdict' out." : null;
        if (!SaysSomething(request)) return "Give 'class', 'boxes' (empty for: nothing to see), 'polygons' or 'verdict', or 'skip': true.";
        if (request.Class is not null && !IsClass(request.Class)) return $"A class has 1 to {LongestClass} characters.";
        if (request.Boxes?.All(IsBox) == false) return "Every box needs a class, a width and height above 0, and finite numbers.";
        return request.Polygons?.All(IsPolygon) == false ? $"Every polygon needs a class and at least {LeastCorners} corners, x and y of each in turn, all finite." : null;
    }

    public static string? RefuseName(string? by) => string.IsNullOrWhiteSpace(by) ? "Say who labels in 'by'." : null;

    /// <param name="request">One that was not refused.</param>
    public static FrameLabel LabelOf(LabelRequest request, DateTimeOffset at) => new(request.Class, request.Boxes ?? [], request.By, at, request.Polygons, request.Verdict, string.IsNullOrWhiteSpace(request.Note) ? null : request.Note.Trim());

    private static bool IsClass(string? text) => text is { Length: > 0 and <= LongestClass };

    private static bool IsBox(LabelBox box) =>
        IsClass(box.Class) && double.IsFinite(box.X) && double.IsFinite(box.Y) && box.Width > 0 && box.Height > 0 && double.IsFinite(box.Width) && double.IsFinite(box.Height);

    private static bool IsPolygon(LabelPolygon polygon) =>
        IsClass(polygon.Class) && polygon.Points is { } points && points.Count >= 2 * LeastCorners && points.Count % 2 == 0 && points.All(double.IsFinite);
}
