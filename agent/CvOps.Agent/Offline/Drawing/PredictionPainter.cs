using System.Globalization;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Offline.Drawing;

/// <summary>
/// Draws what a model said of a picture: boxes, turned ones too, outlines, keypoints, each with class and score in the class's colour; what it said
/// of the whole picture in its upper left corner; a rejected part with a red frame. Lines and letters grow with the picture.
/// </summary>
internal sealed class PredictionPainter(IReadOnlyList<string> classes)
{
    // Keypoints below it are guesses; COCO's tools draw from there too.
    private const double LeastKeypointScore = 0.3;

    // By the picture's shorter side. Letters of seven dots grow more slowly than lines: two pixels a dot at 360, four at 1080.
    private const double PixelsPerThickness = 240;
    private const double LeastDots = 0.9;
    private const double PixelsPerDot = 350;

    private readonly Dictionary<string, Colour> _colours = classes.Distinct().Select((name, index) => (name, index)).ToDictionary(pair => pair.name, pair => Colour.OfClass(pair.index), StringComparer.Ordinal);

    /// <param name="error">Why there is no prediction; null when there is one.</param>
    public void Paint(Canvas canvas, Prediction prediction, ModelTask task, string? error)
    {
        var side = Math.Min(canvas.Width, canvas.Height);
        var (thickness, dot) = (Math.Max(1, (int)Math.Round(side / PixelsPerThickness)), (int)Math.Round(LeastDots + side / PixelsPerDot));
        if (error is not null)
        {
            canvas.Label(0, 0, Fitted($"no prediction: {error}", canvas.Width, dot), dot, Colour.Alarm);
            return;
        }
        // The surest last: it lies on top.
        for (var i = prediction.Detections.Count - 1; i >= 0; i--) Shape(canvas, prediction.Detections[i], thickness);
        if (prediction.Reject) canvas.Frame(0, 0, canvas.Width, canvas.Height, 2 * thickness, Colour.Alarm);
        for (var i = prediction.Detections.Count - 1; i >= 0; i--) Name(canvas, prediction.Detections[i], dot);
        Whole(canvas, prediction, task, dot, prediction.Reject ? 2 * thickness : 0);
    }

    private void Shape(Canvas canvas, Detection detection, int thickness)
    {
        var colour = ColourOf(detection.Class);
        if (detection.Polygon is { Count: >= 6 } outline)
        {
            canvas.Tint(outline, colour);
            Outline(canvas, outline, thickness, colour);
        }
        if (detection.Angle is { } angle) Outline(canvas, Corners(detection, angle), thickness, colour);
        else
        {
            var (left, top, right, bottom) = Edges(detection);
            canvas.Frame(left, top, right, bottom, thickness, colour);
        }
        if (detection.Keypoints is not { } points) return;
        for (var i = 0; i + 2 < points.Count; i += 3)
        {
            if (points[i + 2] < LeastKeypointScore) continue;
            canvas.Disc(points[i], points[i + 1], 2 * thickness, Colour.Black);
            canvas.Disc(points[i], points[i + 1], 2 * thickness - 1, colour);
        }
    }

    /// <summary>Above the box if there is room, else in its upper left corner, always within the picture.</summary>
    private void Name(Canvas canvas, Detection detection, int dot)
    {
        var text = Named(detection.Class, detection.Score) + (detection.Track is { } track ? string.Create(CultureInfo.InvariantCulture, $" #{track}") : "");
        var (width, height) = Canvas.LabelSize(text, dot);
        var (left, top, _, _) = detection.Angle is { } angle ? Bounds(Corners(detection, angle)) : Edges(detection);
        var y = top >= height ? top - height : top;
        canvas.Label(Math.Clamp(left, 0, Math.Max(0, canvas.Width - width)), Math.Clamp(y, 0, Math.Max(0, canvas.Height - height)), text, dot, ColourOf(detection.Class));
    }

    private void Whole(Canvas canvas, Prediction prediction, ModelTask task, int dot, int margin)
    {
        var y = margin;
        void Line(string text, Colour colour)
        {
            canvas.Label(margin, y, Fitted(text, canvas.Width - 2 * margin, dot), dot, colour);
            y += Canvas.LabelSize(text, dot).Height;
        }

        if (prediction.AnomalyScore is { } score) Line(string.Create(CultureInfo.InvariantCulture, $"anomaly {score:0.00}"), prediction.Reject ? Colour.Alarm : Colour.Black);
        if (prediction.Labels is { } labels)
        {
            foreach (var label in labels) Line(Named(label.Class, label.Score), ColourOf(label.Class));
        }
        else if (prediction.Areas is { } areas)
        {
            foreach (var area in areas) Line(string.Create(CultureInfo.InvariantCulture, $"{area.Class} {100 * area.Fraction:0.0} %"), ColourOf(area.Class));
        }
        else if (task != ModelTask.Detection && prediction.Class is { } top) Line(Named(top, prediction.Confidence), ColourOf(top));
    }

    private static void Outline(Canvas canvas, IReadOnlyList<double> corners, int thickness, Colour colour)
    {
        var count = corners.Count / 2;
        for (var (i, before) = (0, count - 1); i < count; before = i++) canvas.Line(corners[2 * before], corners[2 * before + 1], corners[2 * i], corners[2 * i + 1], thickness, colour);
    }

    private static (int Left, int Top, int Right, int Bottom) Edges(Detection box) =>
        (Pixel(box.X), Pixel(box.Y), Math.Max(Pixel(box.X) + 1, Pixel(box.X + box.Width)), Math.Max(Pixel(box.Y) + 1, Pixel(box.Y + box.Height)));

    /// <summary>The box turned about its centre, clockwise as the picture is seen.</summary>
    private static double[] Corners(Detection box, double angle)
    {
        var (x, y, sin, cos) = (box.X + box.Width / 2, box.Y + box.Height / 2, Math.Sin(angle), Math.Cos(angle));
        var (ux, uy, vx, vy) = (cos * box.Width / 2, sin * box.Width / 2, -sin * box.Height / 2, cos * box.Height / 2);
        return [x - ux - vx, y - uy - vy, x + ux - vx, y + uy - vy, x + ux + vx, y + uy + vy, x - ux + vx, y - uy + vy];
    }

    private static (int Left, int Top, int Right, int Bottom) Bounds(double[] corners)
    {
        var (xs, ys) = (corners.Where((_, i) => i % 2 == 0).ToArray(), corners.Where((_, i) => i % 2 == 1).ToArray());
        return (Pixel(xs.Min()), Pixel(ys.Min()), Pixel(xs.Max()), Pixel(ys.Max()));
    }

    // Far outside is as good as just outside, and does not overflow.
    private static int Pixel(double value) => (int)Math.Round(Math.Clamp(value, -100_000, 100_000));

    private static string Named(string name, double score) => string.Create(CultureInfo.InvariantCulture, $"{name} {score:0.00}");

    private static string Fitted(string text, int width, int dot)
    {
        var most = Math.Max(1, (width / dot - 1) / BitmapFont.Advance);
        return text.Length <= most ? text : text[..most];
    }

    private Colour ColourOf(string name) => _colours.GetValueOrDefault(name, Colour.White);
}
