using CvOps.Contracts.Packages;

namespace CvOps.Vision.Preprocessing;

/// <summary>The pixels of a tensor whose centres lie outside a polygon of the picture, as runs of columns for each row. Even-odd rule.</summary>
internal sealed class RoiMask
{
    private readonly int[] _firstRun;
    private readonly Range[] _runs;

    /// <param name="polygon">In fractions of the picture.</param>
    public RoiMask(IReadOnlyList<PicturePoint> polygon, ResizeGeometry geometry, int pictureWidth, int pictureHeight, int width, int height)
    {
        _firstRun = new int[height + 1];
        var runs = new List<Range>();
        var crossings = new List<double>();
        for (var y = 0; y < height; y++)
        {
            Cross(polygon, geometry.ToPictureY(y + 0.5) / pictureHeight, crossings);
            var (passed, from) = (0, 0);
            for (var x = 0; x <= width; x++)
            {
                var inside = x == width;
                if (!inside)
                {
                    var at = geometry.ToPictureX(x + 0.5) / pictureWidth;
                    while (passed < crossings.Count && crossings[passed] <= at) passed++;
                    inside = passed % 2 == 1;
                }
                if (!inside) continue;
                if (x > from) runs.Add(from..x);
                from = x + 1;
            }
            _firstRun[y + 1] = runs.Count;
        }
        _runs = [.. runs];
    }

    /// <summary>Columns outside of the polygon.</summary>
    public ReadOnlySpan<Range> Outside(int row) => _runs.AsSpan(_firstRun[row].._firstRun[row + 1]);

    /// <summary>Where the polygon's edges cut a horizontal line, from left to right.</summary>
    private static void Cross(IReadOnlyList<PicturePoint> polygon, double y, List<double> crossings)
    {
        crossings.Clear();
        for (var i = 0; i < polygon.Count; i++)
        {
            var (a, b) = (polygon[i], polygon[(i + 1) % polygon.Count]);
            if (a.Y > y != b.Y > y) crossings.Add(a.X + (y - a.Y) / (b.Y - a.Y) * (b.X - a.X));
        }
        crossings.Sort();
    }
}
