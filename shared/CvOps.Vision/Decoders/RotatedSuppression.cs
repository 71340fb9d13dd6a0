using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>Greedy non-maximum suppression of oriented boxes, as <see cref="BoxSuppression"/> does it for upright ones.</summary>
internal sealed class RotatedSuppression(SuppressionSettings settings)
{
    private readonly int[] _kept = new int[settings.Most];
    private readonly RotatedBox[] _boxes = new RotatedBox[settings.Most];
    private ulong[] _order = new ulong[SuppressionSettings.DefaultTopK];

    /// <returns>The places of what is kept, by falling score; overwritten by the next call.</returns>
    public ReadOnlySpan<int> Keep(BoxCandidates candidates)
    {
        var kept = 0;
        foreach (var key in ScoreOrder.Of(candidates.Score[..candidates.Count], ref _order, settings.TopK))
        {
            var place = (int)(uint)key;
            var box = candidates.Rotated(place);
            if (settings.Mode != NmsMode.None && OverlapsKept(kept, box, candidates, candidates.Class[place])) continue;
            _boxes[kept] = box;
            _kept[kept++] = place;
            if (kept == settings.Most) break;
        }
        return _kept.AsSpan(0, kept);
    }

    private bool OverlapsKept(int kept, in RotatedBox box, BoxCandidates candidates, int @class)
    {
        for (var i = 0; i < kept; i++)
        {
            if (settings.Mode == NmsMode.PerClass && candidates.Class[_kept[i]] != @class) continue;
            if (RotatedBox.Iou(_boxes[i], box) > settings.IouThreshold) return true;
        }
        return false;
    }
}
