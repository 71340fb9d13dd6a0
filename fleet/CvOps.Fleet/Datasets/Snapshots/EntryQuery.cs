using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Snapshots;

/// <param name="After">Frame id that the page begins after; null for the first page.</param>
/// <param name="Split">train, validation, test or golden; null for all.</param>
/// <param name="Class">Of the picture or of something drawn on it; null for all.</param>
/// <param name="Slice">Kind and value, as <see cref="DatasetSlice"/> has them, light excepted; null for all.</param>
internal sealed record EntryQuery(string? After = null, string? Split = null, string? Class = null, (string Kind, string Value)? Slice = null, bool? Synthetic = null, int Limit = int.MaxValue)
{
    public bool Takes(DatasetEntry entry) =>
        (Split is null || SnapshotTally.SplitOf(entry) == Split)
        && (Class is null || entry.Class == Class || entry.Boxes.Any(box => box.Class == Class) || entry.Polygons?.Any(polygon => polygon.Class == Class) == true)
        && (Synthetic is null || entry.Synthetic is not null == Synthetic)
        && (Slice is not { } slice || (slice.Kind == "camera" ? $"{entry.Device}/{entry.Camera}" == slice.Value : entry.Labels?.GetValueOrDefault(slice.Kind) == slice.Value));
}
