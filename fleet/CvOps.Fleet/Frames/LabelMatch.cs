using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames;

/// <summary>Whether two labels say the same, and what one says in a few words. Pure.</summary>
internal static class LabelMatch
{
    // A coordinate that was divided by a width and multiplied again differs in its last digits; nobody draws finer than this.
    private const double Pixels = 1e-6;

    public static bool Same(FrameLabel? before, LabelRequest after) => before is not null && before.Class == after.Class && before.Verdict == after.Verdict
        && Same(before.Boxes, after.Boxes ?? [], (a, b) => a.Class == b.Class && Near(a.X, b.X) && Near(a.Y, b.Y) && Near(a.Width, b.Width) && Near(a.Height, b.Height))
        && Same(before.Polygons ?? [], after.Polygons ?? [], (a, b) => a.Class == b.Class && Same(a.Points, b.Points, Near));

    private static bool Same<T>(IReadOnlyList<T> before, IReadOnlyList<T> after, Func<T, T, bool> equal)
    {
        if (before.Count != after.Count) return false;
        for (var i = 0; i < before.Count; i++)
            if (!equal(before[i], after[i])) return false;
        return true;
    }

    private static bool Near(double a, double b) => Math.Abs(a - b) <= Pixels;

    /// <summary>For a message: the class, the verdict, and how many objects.</summary>
    public static string Words(FrameLabel? label) => label is null ? "nobody has labelled it" : string.Join(", ", new[]
    {
        label.Class, label.Verdict?.ToString(), label.Boxes.Count > 0 ? $"{label.Boxes.Count} boxes" : null, label.Polygons is { } polygons ? $"{polygons.Count} polygons" : null,
    }.Where(word => word is not null).DefaultIfEmpty("nothing to see"));
}
