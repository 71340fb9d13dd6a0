using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Formats;

/// <summary>Plane geometry that formats need of boxes and outlines, in pixels. Pure.</summary>
internal static class Shapes
{
    /// <summary>The upright box around an outline.</summary>
    public static (double X, double Y, double Width, double Height) Bounds(IReadOnlyList<double> points)
    {
        var (left, top, right, bottom) = (double.MaxValue, double.MaxValue, double.MinValue, double.MinValue);
        for (var i = 0; i < points.Count; i += 2)
        {
            (left, right) = (Math.Min(left, points[i]), Math.Max(right, points[i]));
            (top, bottom) = (Math.Min(top, points[i + 1]), Math.Max(bottom, points[i + 1]));
        }
        return (left, top, right - left, bottom - top);
    }

    /// <summary>By the shoelace formula, in square pixels.</summary>
    public static double Area(IReadOnlyList<double> points)
    {
        var twice = 0.0;
        for (var i = 0; i < points.Count; i += 2)
        {
            var next = (i + 2) % points.Count;
            twice += points[i] * points[next + 1] - points[next] * points[i + 1];
        }
        return Math.Abs(twice) / 2;
    }

    /// <summary>Corners of a box, clockwise as the picture is seen, from the top left one.</summary>
    public static double[] Corners(LabelBox box) => [box.X, box.Y, box.X + box.Width, box.Y, box.X + box.Width, box.Y + box.Height, box.X, box.Y + box.Height];

    /// <summary>The same outline turned about a point, clockwise as the picture is seen.</summary>
    public static double[] Turn(IReadOnlyList<double> points, double degrees, double aboutX, double aboutY)
    {
        var (sin, cos) = Math.SinCos(degrees * Math.PI / 180);
        var turned = new double[points.Count];
        for (var i = 0; i < turned.Length; i += 2)
        {
            var (x, y) = (points[i] - aboutX, points[i + 1] - aboutY);
            (turned[i], turned[i + 1]) = (aboutX + x * cos - y * sin, aboutY + x * sin + y * cos);
        }
        return turned;
    }

    /// <summary>Whether something of it lies outside a picture by more than a hundredth of its sides.</summary>
    public static bool LeavesPicture(double x, double y, double width, double height, int pictureWidth, int pictureHeight) =>
        x < -0.01 * pictureWidth || y < -0.01 * pictureHeight || x + width > 1.01 * pictureWidth || y + height > 1.01 * pictureHeight;
}
