using System.Numerics;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Decoders;

/// <summary>
/// Greedy non-maximum suppression: by falling score, a box that overlaps a kept one by more than the threshold goes (intersection over
/// union; boxes without area overlap nothing). Equal scores keep the order in which they were added. The same answers at every vector width.
/// </summary>
internal sealed class BoxSuppression
{
    private readonly SuppressionSettings _settings;
    private readonly int[] _kept;
    // The kept boxes side by side, zero behind the last: a box without place or area overlaps nothing.
    private readonly float[] _left, _top, _right, _bottom, _area;
    private readonly int[] _class;
    private ulong[] _order = new ulong[SuppressionSettings.DefaultTopK];

    public BoxSuppression(SuppressionSettings settings)
    {
        _settings = settings;
        _kept = new int[settings.Most];
        var padded = settings.Most + Vector<float>.Count;
        (_left, _top, _right, _bottom, _area, _class) = (new float[padded], new float[padded], new float[padded], new float[padded], new float[padded], new int[padded]);
    }

    /// <returns>The places of what is kept, by falling score; overwritten by the next call.</returns>
    public ReadOnlySpan<int> Keep(BoxCandidates boxes)
    {
        var order = ScoreOrder.Of(boxes.Score[..boxes.Count], ref _order, _settings.TopK);
        var kept = 0;
        if (_settings.Mode == NmsMode.None)
        {
            for (; kept < Math.Min(order.Length, _settings.Most); kept++) _kept[kept] = (int)(uint)order[kept];
            return _kept.AsSpan(0, kept);
        }
        foreach (var key in order)
        {
            var place = (int)(uint)key;
            var (left, top, right, bottom) = (boxes.Left[place], boxes.Top[place], boxes.Right[place], boxes.Bottom[place]);
            var area = (right - left) * (bottom - top);
            var @class = _settings.Mode == NmsMode.PerClass ? boxes.Class[place] : 0;
            if (OverlapsKept(kept, left, top, right, bottom, area, @class)) continue;
            (_left[kept], _top[kept], _right[kept], _bottom[kept], _area[kept], _class[kept]) = (left, top, right, bottom, area, @class);
            _kept[kept++] = place;
            if (kept == _settings.Most) break;
        }
        Forget(kept);
        return _kept.AsSpan(0, kept);
    }

    private bool OverlapsKept(int kept, float left, float top, float right, float bottom, float area, int @class)
    {
        var (lefts, tops, rights, bottoms) = (new Vector<float>(left), new Vector<float>(top), new Vector<float>(right), new Vector<float>(bottom));
        var (areas, classes, threshold) = (new Vector<float>(area), new Vector<int>(@class), new Vector<float>((float)_settings.IouThreshold));
        for (var i = 0; i < kept; i += Vector<float>.Count)
        {
            var width = Vector.Min(rights, new Vector<float>(_right, i)) - Vector.Max(lefts, new Vector<float>(_left, i));
            var height = Vector.Min(bottoms, new Vector<float>(_bottom, i)) - Vector.Max(tops, new Vector<float>(_top, i));
            var overlap = Vector.Max(width, Vector<float>.Zero) * Vector.Max(height, Vector<float>.Zero);
            var union = areas + new Vector<float>(_area, i) - overlap;
            var over = Vector.GreaterThan(overlap, threshold * union) & Vector.Equals(classes, new Vector<int>(_class, i));
            if (!Vector.EqualsAll(over, Vector<int>.Zero)) return true;
        }
        return false;
    }

    private void Forget(int kept)
    {
        Array.Clear(_left, 0, kept);
        Array.Clear(_top, 0, kept);
        Array.Clear(_right, 0, kept);
        Array.Clear(_bottom, 0, kept);
        Array.Clear(_area, 0, kept);
        Array.Clear(_class, 0, kept);
    }
}
