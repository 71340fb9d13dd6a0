using System.Runtime.CompilerServices;

namespace CvOps.Vision.Decoders;

/// <summary>Scored boxes of one picture before suppression, a column a field: picture pixels, not clipped. Reused from frame to frame.</summary>
internal sealed class BoxCandidates
{
    private const int FirstCapacity = 1024;

    private float[] _left = new float[FirstCapacity];
    private float[] _top = new float[FirstCapacity];
    private float[] _right = new float[FirstCapacity];
    private float[] _bottom = new float[FirstCapacity];
    private float[] _angle = new float[FirstCapacity];
    private float[] _score = new float[FirstCapacity];
    private int[] _class = new int[FirstCapacity];
    private int[] _tile = new int[FirstCapacity];
    private int[] _anchor = new int[FirstCapacity];

    public int Count { get; private set; }

    public ReadOnlySpan<float> Left => _left;

    public ReadOnlySpan<float> Top => _top;

    public ReadOnlySpan<float> Right => _right;

    public ReadOnlySpan<float> Bottom => _bottom;

    /// <summary>Radians, clockwise, about the box's centre; 0 unless boxes are oriented.</summary>
    public ReadOnlySpan<float> Angle => _angle;

    public ReadOnlySpan<float> Score => _score;

    public ReadOnlySpan<int> Class => _class;

    /// <summary>The tile a box was found in.</summary>
    public ReadOnlySpan<int> Tile => _tile;

    /// <summary>Which of the tile's anchors it is: whoever decodes finds the rest of its numbers there.</summary>
    public ReadOnlySpan<int> Anchor => _anchor;

    /// <summary>A box as it lies when it is turned by its angle.</summary>
    public RotatedBox Rotated(int place) => new(
        (_left[place] + (double)_right[place]) / 2, (_top[place] + (double)_bottom[place]) / 2, _right[place] - (double)_left[place], _bottom[place] - (double)_top[place], _angle[place]);

    public void Clear() => Count = 0;

    /// <summary>Adds a box; one whose size is no finite number (an exponential that overflowed) is passed over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float left, float top, float right, float bottom, float score, int @class, int tile, int anchor, float angle = 0)
    {
        if (!float.IsFinite((right - left) * (bottom - top))) return;
        var at = Count;
        if (at == _score.Length) Grow();
        _left[at] = left;
        _top[at] = top;
        _right[at] = right;
        _bottom[at] = bottom;
        _angle[at] = angle;
        _score[at] = score;
        _class[at] = @class;
        _tile[at] = tile;
        _anchor[at] = anchor;
        Count = at + 1;
    }

    private void Grow()
    {
        var capacity = 2 * _score.Length;
        Array.Resize(ref _left, capacity);
        Array.Resize(ref _top, capacity);
        Array.Resize(ref _right, capacity);
        Array.Resize(ref _bottom, capacity);
        Array.Resize(ref _angle, capacity);
        Array.Resize(ref _score, capacity);
        Array.Resize(ref _class, capacity);
        Array.Resize(ref _tile, capacity);
        Array.Resize(ref _anchor, capacity);
    }
}
