using CvOps.Contracts;

namespace CvOps.Agent.Capture;

/// <summary>What it takes to come from some cameras to others. A camera whose options changed is in both lists.</summary>
internal sealed record CameraChanges(IReadOnlyList<CameraId> Stop, IReadOnlyList<CameraOptions> Start)
{
    public bool IsNone => Stop.Count == 0 && Start.Count == 0;

    public static CameraChanges Between(IReadOnlyList<CameraOptions> now, IReadOnlyList<CameraOptions> wanted) => new(
        [.. now.Where(old => !wanted.Any(it => Same(old, it))).Select(old => old.Id)],
        [.. wanted.Where(it => !now.Any(old => Same(old, it)))]);

    /// <summary>Lists are compared by what is in them.</summary>
    private static bool Same(CameraOptions a, CameraOptions b) =>
        a with { InputArguments = b.InputArguments, PrivacyMasks = b.PrivacyMasks } == b && a.InputArguments.SequenceEqual(b.InputArguments)
        && a.PrivacyMasks.Count == b.PrivacyMasks.Count && a.PrivacyMasks.Zip(b.PrivacyMasks).All(pair => pair.First.Polygon.SequenceEqual(pair.Second.Polygon));
}
