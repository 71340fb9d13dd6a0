namespace CvOps.Vision.Decoders;

/// <summary>
/// Leaves corners out of a closed polygon (Douglas and Peucker 1973): what is left out lies no further than a tolerance from what stays. Its
/// buffers are reused.
/// </summary>
internal sealed class PolygonSimplifier
{
    private bool[] _stays = new bool[256];
    private (int From, int To)[] _spans = new (int, int)[256];

    /// <summary>Simplifies in place, with twice the tolerance as often as it takes to get down to the most corners allowed.</summary>
    /// <returns>Corners left.</returns>
    public int Simplify(Span<float> x, Span<float> y, float tolerance, int most)
    {
        if (x.Length <= 3) return x.Length;
        if (_stays.Length < x.Length)
        {
            _stays = new bool[2 * x.Length];
            _spans = new (int, int)[2 * x.Length];
        }
        while (Mark(x, y, tolerance) > most) tolerance *= 2;
        var left = 0;
        for (var i = 0; i < x.Length; i++)
        {
            if (!_stays[i]) continue;
            (x[left], y[left]) = (x[i], y[i]);
            left++;
        }
        return left;
    }

    private int Mark(ReadOnlySpan<float> x, ReadOnlySpan<float> y, float tolerance)
    {
        var stays = _stays.AsSpan(0, x.Length);
        stays.Clear();
        // The first corner and the one furthest from it cut the ring in two.
        var far = 0;
        for (var i = 1; i < x.Length; i++)
        {
            if (Squared(x[i] - x[0], y[i] - y[0]) > Squared(x[far] - x[0], y[far] - y[0])) far = i;
        }
        stays[0] = stays[far] = true;
        var marked = far == 0 ? 1 : 2;
        var open = 0;
        _spans[open++] = (0, far);
        _spans[open++] = (far, x.Length);
        while (open > 0)
        {
            var (from, to) = _spans[--open];
            var furthest = -1;
            var distance = tolerance * tolerance;
            for (var i = from + 1; i < to; i++)
            {
                var own = DistanceSquared(x, y, i, from, to == x.Length ? 0 : to);
                if (own > distance) (furthest, distance) = (i, own);
            }
            if (furthest < 0) continue;
            stays[furthest] = true;
            marked++;
            _spans[open++] = (from, furthest);
            _spans[open++] = (furthest, to);
        }
        return marked;
    }

    private static float DistanceSquared(ReadOnlySpan<float> x, ReadOnlySpan<float> y, int point, int from, int to)
    {
        var (dx, dy) = (x[to] - x[from], y[to] - y[from]);
        var (px, py) = (x[point] - x[from], y[point] - y[from]);
        var length = Squared(dx, dy);
        var along = length > 0 ? Math.Clamp((px * dx + py * dy) / length, 0, 1) : 0;
        return Squared(px - along * dx, py - along * dy);
    }

    private static float Squared(float x, float y) => x * x + y * y;
}
