using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames.Annotators;

/// <summary>Intersection over union of what people draw. Pure.</summary>
internal static class ShapeOverlap
{
    // Lines per shape: enough to tell 0.5 from 0.51 of whatever a person outlines.
    private const int Lines = 256;

    public static double Of(LabelBox a, LabelBox b)
    {
        var width = Math.Min(a.X + a.Width, b.X + b.Width) - Math.Max(a.X, b.X);
        var height = Math.Min(a.Y + a.Height, b.Y + b.Height) - Math.Max(a.Y, b.Y);
        if (width <= 0 || height <= 0) return 0;
        var common = width * height;
        return common / ((a.Width * a.Height) + (b.Width * b.Height) - common);
    }

    /// <summary>By the even-odd rule along scan lines through both; outlines may be of any form.</summary>
    public static double Of(LabelPolygon a, LabelPolygon b)
    {
        var (top, bottom) = (Math.Min(Edge(a, Math.Min), Edge(b, Math.Min)), Math.Max(Edge(a, Math.Max), Edge(b, Math.Max)));
        if (!(bottom > top)) return 0;
        var (common, together) = (0.0, 0.0);
        for (var line = 0; line < Lines; line++)
        {
            var y = top + ((line + 0.5) * (bottom - top) / Lines);
            var (insideA, insideB) = (Crossings(a, y), Crossings(b, y));
            var shared = Shared(insideA, insideB);
            common += shared;
            together += Length(insideA) + Length(insideB) - shared;
        }
        return together > 0 ? common / together : 0;
    }

    private static double Edge(LabelPolygon polygon, Func<double, double, double> choose)
    {
        var edge = polygon.Points[1];
        for (var i = 3; i < polygon.Points.Count; i += 2) edge = choose(edge, polygon.Points[i]);
        return edge;
    }

    /// <summary>Where the line enters and leaves, in turn.</summary>
    private static List<double> Crossings(LabelPolygon polygon, double y)
    {
        var points = polygon.Points;
        var crossings = new List<double>();
        for (var i = 0; i < points.Count; i += 2)
        {
            var next = (i + 2) % points.Count;
            if (points[i + 1] > y != points[next + 1] > y) crossings.Add(points[i] + ((y - points[i + 1]) * (points[next] - points[i]) / (points[next + 1] - points[i + 1])));
        }
        crossings.Sort();
        return crossings;
    }

    private static double Length(List<double> spans)
    {
        var length = 0.0;
        for (var i = 0; i + 1 < spans.Count; i += 2) length += spans[i + 1] - spans[i];
        return length;
    }

    private static double Shared(List<double> a, List<double> b)
    {
        var shared = 0.0;
        for (var i = 0; i + 1 < a.Count; i += 2)
            for (var j = 0; j + 1 < b.Count; j += 2) shared += Math.Max(0, Math.Min(a[i + 1], b[j + 1]) - Math.Max(a[i], b[j]));
        return shared;
    }
}
