namespace CvOps.Vision.Decoders;

/// <summary>A connected region of a map; right and bottom are exclusive.</summary>
internal readonly record struct MapRegion(int Left, int Top, int Right, int Bottom, int PeakX, int PeakY);

/// <summary>Finds the regions of a map that reach a threshold, connected along sides, one after the other. Its buffers are reused.</summary>
internal sealed class MapRegions(int columns, int rows)
{
    private readonly bool[] _seen = new bool[columns * rows];
    private readonly int[] _open = new int[columns * rows];
    private GridWindow _window;
    private int _at;

    /// <summary>Begins a map.</summary>
    public void Start(in GridWindow window)
    {
        (_window, _at) = (window, 0);
        Array.Clear(_seen);
    }

    /// <param name="map">The same at each call since <see cref="Start"/>, [rows, columns].</param>
    public bool Next(ReadOnlySpan<float> map, float threshold, out MapRegion region)
    {
        for (; _at < map.Length; _at++)
        {
            if (!Belongs(map, threshold, _at % columns, _at / columns)) continue;
            region = Flood(map, threshold);
            return true;
        }
        region = default;
        return false;
    }

    private MapRegion Flood(ReadOnlySpan<float> map, float threshold)
    {
        var (left, top, right, bottom, peak) = (columns, rows, 0, 0, _at);
        var open = 0;
        _open[open++] = _at;
        _seen[_at] = true;
        while (open > 0)
        {
            var at = _open[--open];
            var (x, y) = (at % columns, at / columns);
            (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x + 1), Math.Max(bottom, y + 1));
            if (map[at] > map[peak] || (map[at] == map[peak] && at < peak)) peak = at;
            Visit(map, threshold, x - 1, y, ref open);
            Visit(map, threshold, x + 1, y, ref open);
            Visit(map, threshold, x, y - 1, ref open);
            Visit(map, threshold, x, y + 1, ref open);
        }
        return new(left, top, right, bottom, peak % columns, peak / columns);
    }

    private void Visit(ReadOnlySpan<float> map, float threshold, int x, int y, ref int open)
    {
        if (!Belongs(map, threshold, x, y)) return;
        _seen[y * columns + x] = true;
        _open[open++] = y * columns + x;
    }

    private bool Belongs(ReadOnlySpan<float> map, float threshold, int x, int y) =>
        x >= _window.Left && x < _window.Right && y >= _window.Top && y < _window.Bottom && !_seen[y * columns + x] && map[y * columns + x] >= threshold;
}
