using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Changes;

/// <summary>What differs between a frame's entries of two snapshots. Pure.</summary>
internal static class ChangeRule
{
    /// <returns>In the order of the kinds; empty where both say the same.</returns>
    public static IReadOnlyList<DatasetChangeKind> Of(DatasetEntry before, DatasetEntry after)
    {
        var kinds = new List<DatasetChangeKind>(3);
        if (!SameLabel(before, after)) kinds.Add(DatasetChangeKind.Relabelled);
        if ((before.Use, before.Split) != (after.Use, after.Split)) kinds.Add(DatasetChangeKind.Moved);
        if (!SameDescription(before, after)) kinds.Add(DatasetChangeKind.Redescribed);
        return kinds;
    }

    private static bool SameLabel(DatasetEntry a, DatasetEntry b) => (a.Class, a.Verdict) == (b.Class, b.Verdict) && a.Boxes.SequenceEqual(b.Boxes)
        && (a.Polygons, b.Polygons) switch
        {
            (null, null) => true,
            ({ } x, { } y) => x.Count == y.Count && x.Zip(y).All(pair => pair.First.Class == pair.Second.Class && pair.First.Points.SequenceEqual(pair.Second.Points)),
            _ => false,
        };

    private static bool SameDescription(DatasetEntry a, DatasetEntry b) =>
        (a.ImageDigest, a.Width, a.Height, a.Group, a.Device, a.Camera, a.Part, a.CapturedAt, a.Brightness) == (b.ImageDigest, b.Width, b.Height, b.Group, b.Device, b.Camera, b.Part, b.CapturedAt, b.Brightness)
        && (a.Labels ?? None).OrderBy(pair => pair.Key, StringComparer.Ordinal).SequenceEqual((b.Labels ?? None).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        && SameOrigin(a.Synthetic, b.Synthetic);

    private static bool SameOrigin(SyntheticOrigin? a, SyntheticOrigin? b) =>
        (a is null && b is null) || (a is not null && b is not null && (a.Kind, a.Recipe, a.Seed) == (b.Kind, b.Recipe, b.Seed) && a.Sources.SequenceEqual(b.Sources));

    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();
}
