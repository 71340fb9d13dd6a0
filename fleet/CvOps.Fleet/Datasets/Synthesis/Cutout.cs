using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats;

namespace CvOps.Fleet.Datasets.Synthesis;

/// <summary>A drawn object of a picture: where it lies, and how much of each pixel belongs to it. Pure.</summary>
internal sealed class Cutout
{
    private const double FeatherShare = 0.15;

    private readonly LabelPolygon? _outline;

    private Cutout(string @class, LabelPolygon? outline, double x, double y, double width, double height) =>
        (Class, _outline, X, Y, Width, Height, Feather) = (@class, outline, x, y, width, height, Math.Max(1.5, FeatherShare * Math.Min(width, height)));

    public string Class { get; }

    public bool HasOutline => _outline is not null;

    public double X { get; }

    public double Y { get; }

    public double Width { get; }

    public double Height { get; }

    /// <summary>Pixels over which it fades into what is behind it.</summary>
    public double Feather { get; }

    /// <summary>What may be cut out: boxes and outlines that are of some size and lie in the picture.</summary>
    public static IEnumerable<Cutout> Of(FrameView frame)
    {
        foreach (var box in frame.Label!.Boxes)
            if (Fits(frame, box.X, box.Y, box.Width, box.Height)) yield return new Cutout(box.Class, null, box.X, box.Y, box.Width, box.Height);
        foreach (var polygon in frame.Label.Polygons ?? [])
            if (Shapes.Bounds(polygon.Points) is var (x, y, width, height) && Fits(frame, x, y, width, height)) yield return new Cutout(polygon.Class, polygon, x, y, width, height);
    }

    /// <summary>The outline where it was pasted.</summary>
    /// <param name="place">From a point of the donor's picture to one of the other.</param>
    public LabelPolygon Outline(Func<double, double, (double X, double Y)> place) => _outline! with
    {
        Points = [.. Enumerable.Range(0, _outline.Points.Count / 2).Select(i => place(_outline.Points[2 * i], _outline.Points[2 * i + 1])).SelectMany(point => new[] { point.X, point.Y })],
    };

    /// <returns>How much of the object is at that point of its picture, 0..1: all of it inside, fading towards the edge.</returns>
    public double Alpha(double x, double y)
    {
        if (x <= X || y <= Y || x >= X + Width || y >= Y + Height) return 0;
        var inside = _outline is null ? Math.Min(Math.Min(x - X, X + Width - x), Math.Min(y - Y, Y + Height - y)) : Depth(_outline.Points, x, y);
        return Math.Clamp(inside / Feather, 0, 1);
    }

    private static bool Fits(FrameView frame, double x, double y, double width, double height) =>
        width >= 3 && height >= 3 && x >= 0 && y >= 0 && x + width <= frame.Width && y + height <= frame.Height;

    /// <summary>Distance to the outline of a point within; 0 without.</summary>
    private static double Depth(IReadOnlyList<double> points, double x, double y)
    {
        var (within, nearest) = (false, double.MaxValue);
        for (int i = 0, j = points.Count - 2; i < points.Count; j = i, i += 2)
        {
            var (ax, ay, bx, by) = (points[j], points[j + 1], points[i], points[i + 1]);
            if (ay > y != by > y && x < (bx - ax) * (y - ay) / (by - ay) + ax) within = !within;
            var (dx, dy) = (bx - ax, by - ay);
            var along = dx == 0 && dy == 0 ? 0 : Math.Clamp(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0, 1);
            nearest = Math.Min(nearest, Math.Sqrt(Math.Pow(ax + along * dx - x, 2) + Math.Pow(ay + along * dy - y, 2)));
        }
        return within ? nearest : 0;
    }
}
