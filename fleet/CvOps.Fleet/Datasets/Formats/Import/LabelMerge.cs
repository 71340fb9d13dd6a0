using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Formats.Import;

/// <summary>What a label becomes when a format that holds less of it comes back. Pure.</summary>
internal static class LabelMerge
{
    /// <summary>The label that a frame has after the import: what the files do not say stays.</summary>
    /// <param name="holdsObjects">Whether the format has boxes and polygons at all.</param>
    public static LabelRequest Of(FrameLabel? before, LabelledImage image, bool holdsObjects, string by) => new(image.Class ?? before?.Class, by)
    {
        Boxes = holdsObjects || before is null ? image.Boxes : before.Boxes,
        Polygons = holdsObjects || before is null ? image.Polygons : before.Polygons,
        Verdict = image.Verdict ?? before?.Verdict,
    };
}
