using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Zones;

/// <summary>A point in pixels.</summary>
internal readonly record struct PixelPoint(double X, double Y);

/// <summary>Points, polygons and lines. Pure.</summary>
internal static class ZoneRule
{
    public static PixelPoint AnchorOf(Detection detection, Anchor anchor) =>
        new(detection.X + detection.Width / 2, detection.Y + (anchor == Anchor.Bottom ? detection.Height : detection.Height / 2));

    /// <summary>Whether a point is inside by the even-odd rule.</summary>
    /// <param name="polygon">Fractions of the picture.</param>
    public static bool Contains(IReadOnlyList<ZonePoint> polygon, PixelPoint point, int width, int height)
    {
        var (x, y) = (point.X / width, point.Y / height);
        var inside = false;
        for (int i = 0, j = polygon.Count - 1; i < polygon.Count; j = i++)
        {
            var (a, b) = (polygon[i], polygon[j]);
            if (a.Y > y != b.Y > y && x < (b.X - a.X) * (y - a.Y) / (b.Y - a.Y) + a.X) inside = !inside;
        }
        return inside;
    }

    /// <summary>Distance of a point from the endless line, pixels: positive on the right of who looks from a to b, since y grows downwards.</summary>
    public static double Side(PixelPoint a, PixelPoint b, PixelPoint point)
    {
        var (dx, dy) = (b.X - a.X, b.Y - a.Y);
        return (dx * (point.Y - a.Y) - dy * (point.X - a.X)) / Math.Sqrt(dx * dx + dy * dy);
    }

    /// <summary>Whether the way from one point to another, which lie on different sides of the endless line, passes between its ends.</summary>
    public static bool PassesBetween(PixelPoint a, PixelPoint b, PixelPoint from, PixelPoint to)
    {
        var (before, after) = (Side(a, b, from), Side(a, b, to));
        var share = before / (before - after);
        var (x, y) = (from.X + share * (to.X - from.X), from.Y + share * (to.Y - from.Y));
        var (dx, dy) = (b.X - a.X, b.Y - a.Y);
        var along = ((x - a.X) * dx + (y - a.Y) * dy) / (dx * dx + dy * dy);
        return along is >= 0 and <= 1;
    }

    public static bool Counts(IReadOnlyList<string> classes, string cls)
    {
        if (classes.Count == 0) return true;
        for (var i = 0; i < classes.Count; i++)
        {
            if (classes[i] == cls) return true;
        }
        return false;
    }
}
