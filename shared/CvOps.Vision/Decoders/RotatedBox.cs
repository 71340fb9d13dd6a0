namespace CvOps.Vision.Decoders;

/// <summary>A rectangle turned about its centre.</summary>
/// <param name="Angle">Radians from the x axis to the side that <paramref name="Width"/> measures, towards the y axis: clockwise in a picture.</param>
internal readonly record struct RotatedBox(double X, double Y, double Width, double Height, double Angle)
{
    private const int MostCorners = 8;

    public double Area => Width * Height;

    /// <summary>
    /// Intersection over union, 0..1; 0 for boxes without area. The intersection is one box clipped at the other's four sides (Sutherland and Hodgman
    /// 1974), its area that of the polygon that is left.
    /// </summary>
    public static double Iou(in RotatedBox a, in RotatedBox b)
    {
        // Circles around both that do not meet spare the clipping.
        var reach = (Math.Sqrt(a.Width * a.Width + a.Height * a.Height) + Math.Sqrt(b.Width * b.Width + b.Height * b.Height)) / 2;
        if ((a.X - b.X) * (a.X - b.X) + (a.Y - b.Y) * (a.Y - b.Y) > reach * reach || !(a.Area > 0) || !(b.Area > 0)) return 0;
        // In the frame of b, where its sides are upright.
        Span<(double X, double Y)> polygon = stackalloc (double, double)[MostCorners];
        Span<(double X, double Y)> clipped = stackalloc (double, double)[MostCorners];
        var corners = a.Corners(b, polygon);
        corners = Clip(polygon[..corners], clipped, b.Width / 2, axisX: true, sign: 1);
        corners = Clip(clipped[..corners], polygon, b.Width / 2, axisX: true, sign: -1);
        corners = Clip(polygon[..corners], clipped, b.Height / 2, axisX: false, sign: 1);
        corners = Clip(clipped[..corners], polygon, b.Height / 2, axisX: false, sign: -1);
        var overlap = AreaOf(polygon[..corners]);
        return overlap / (a.Area + b.Area - overlap);
    }

    /// <summary>Corners with the other's centre as origin and its sides as axes.</summary>
    private int Corners(in RotatedBox frame, Span<(double X, double Y)> into)
    {
        var (sinFrame, cosFrame) = Math.SinCos(frame.Angle);
        var (dx, dy) = (X - frame.X, Y - frame.Y);
        var (x, y) = (dx * cosFrame + dy * sinFrame, dy * cosFrame - dx * sinFrame);
        var (sin, cos) = Math.SinCos(Angle - frame.Angle);
        var (wx, wy, hx, hy) = (Width / 2 * cos, Width / 2 * sin, -Height / 2 * sin, Height / 2 * cos);
        into[0] = (x - wx - hx, y - wy - hy);
        into[1] = (x + wx - hx, y + wy - hy);
        into[2] = (x + wx + hx, y + wy + hy);
        into[3] = (x - wx + hx, y - wy + hy);
        return 4;
    }

    /// <summary>Keeps what has sign * coordinate of at most the limit. Each cut of a convex polygon adds one corner at most.</summary>
    private static int Clip(ReadOnlySpan<(double X, double Y)> polygon, Span<(double X, double Y)> into, double limit, bool axisX, int sign)
    {
        var count = 0;
        for (var i = 0; i < polygon.Length; i++)
        {
            var (from, to) = (polygon[i], polygon[i + 1 == polygon.Length ? 0 : i + 1]);
            var beforeCut = limit - sign * (axisX ? from.X : from.Y);
            var afterCut = limit - sign * (axisX ? to.X : to.Y);
            if (beforeCut >= 0 && count < MostCorners) into[count++] = from;
            if (beforeCut >= 0 == afterCut >= 0 || count == MostCorners) continue;
            var along = beforeCut / (beforeCut - afterCut);
            into[count++] = (from.X + along * (to.X - from.X), from.Y + along * (to.Y - from.Y));
        }
        return count;
    }

    private static double AreaOf(ReadOnlySpan<(double X, double Y)> polygon)
    {
        var twice = 0.0;
        for (var i = 0; i < polygon.Length; i++)
        {
            var (a, b) = (polygon[i], polygon[i + 1 == polygon.Length ? 0 : i + 1]);
            twice += a.X * b.Y - b.X * a.Y;
        }
        return Math.Abs(twice) / 2;
    }
}
