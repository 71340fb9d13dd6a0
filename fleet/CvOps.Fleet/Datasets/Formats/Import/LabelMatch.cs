using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Formats.Import;

/// <summary>Whether two labels say the same, and what a label becomes when a format that holds less of it comes back. Pure.</summary>
internal static class LabelMatch
{
    // A coordinate that was divided by a width and multiplied again differs in its last digits; nobody draws finer than this.
    private const double Pixels = 1e-6;

    /// <summary>The label that a frame has after the import: what the files do not say stays.</summary>
    /// <param name="holdsObjects">Whether the format has boxes and polygons at all.</param>
    public static LabelRequest Merge(FrameLabel? before, LabelledImage image, bool holdsObjects, string by) => new(image.Class ?? before?.Class, by)
    {
        Boxes = holdsObjects || before is null ? image.Boxes : before.Boxes,
        Polygons = holdsObjects || before is null ? image.Polygons : before.Polygons,
        Verdict = image.Verdict ?? before?.Verdict,
    };

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
}
