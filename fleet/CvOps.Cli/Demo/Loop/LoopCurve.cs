using System.Globalization;
using System.Text;

namespace CvOps.Cli.Demo.Loop;

/// <param name="Accuracy">On the test pictures, 0 to 1; the mean where there are several draws.</param>
internal sealed record LoopPoint(int Labels, double Accuracy, double Least, double Most);

/// <summary>Accuracy over labels as an SVG picture: what CvOps chose, the same number by lot with its spread, and the two models at the ends.</summary>
internal static class LoopCurve
{
    private const int Width = 760;
    private const int Height = 430;
    private const int Left = 64;
    private const int Right = 24;
    private const int Top = 56;
    private const int Bottom = 52;
    private const double Step = 0.02;

    /// <param name="start">Accuracy of the first champion.</param>
    /// <param name="goal">Accuracy that is to be reached.</param>
    public static string Draw(double start, double goal, IReadOnlyList<LoopPoint> chosen, IReadOnlyList<LoopPoint> byLot)
    {
        var points = chosen.Concat(byLot).ToArray();
        var most = Math.Max(1, points.Max(point => point.Labels));
        var low = Math.Floor((Math.Min(start, points.Min(point => point.Least)) - 0.01) / Step) * Step;
        var high = Math.Min(1, Math.Ceiling((Math.Max(goal, points.Max(point => point.Most)) + 0.01) / Step) * Step);
        var svg = new StringBuilder();
        Line($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" width="{Width}" height="{Height}" font-family="system-ui, sans-serif" font-size="13">""");
        Line($"""<rect width="{Width}" height="{Height}" fill="#ffffff"/><text x="{Left}" y="26" font-size="16" font-weight="600" fill="#1c2430">Test accuracy by number of labels</text>""");
        for (var tick = low; tick <= high + 1e-9; tick += Step)
            Line($"""<line x1="{Left}" x2="{Width - Right}" y1="{Y(tick):0.0}" y2="{Y(tick):0.0}" stroke="#e3e7ec"/><text x="{Left - 8}" y="{Y(tick) + 4:0.0}" text-anchor="end" fill="#5b6675">{tick:0.00}</text>""");
        foreach (var labels in byLot.Concat(chosen).Select(point => point.Labels).Distinct().Order())
            Line($"""<text x="{X(labels):0.0}" y="{Height - Bottom + 20}" text-anchor="middle" fill="#5b6675">{labels}</text>""");
        Line($"""<text x="{(Left + Width - Right) / 2}" y="{Height - 10}" text-anchor="middle" fill="#5b6675">labels</text>""");
        Level(start, Width - Right, "end", "v1, where the loop begins");
        Level(goal, Left + 6, "start", "v2, trained on every label there is");
        if (byLot.Count > 0) Line($"""<polygon points="{Points(byLot.Select(point => (point.Labels, point.Most)))} {Points(byLot.Reverse().Select(point => (point.Labels, point.Least)))}" fill="#8a94a3" fill-opacity="0.18"/>""");
        Curve(byLot, "#6b7686");
        Curve(chosen, "#0b6bcb");
        Legend(0, "#0b6bcb", "chosen by CvOps");
        Legend(170, "#6b7686", "by lot: mean and range of the draws");
        Line($"</svg>");
        return svg.ToString();

        double X(double labels) => Left + (Width - Left - Right) * labels / (most * 1.03);
        double Y(double accuracy) => Top + (Height - Top - Bottom) * (high - accuracy) / (high - low);
        void Line(FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        string Points(IEnumerable<(int Labels, double Accuracy)> of) => string.Join(' ', of.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.Labels):0.0},{Y(point.Accuracy):0.0}")));
        void Level(double accuracy, int at, string anchor, string says) =>
            Line($"""<line x1="{Left}" x2="{Width - Right}" y1="{Y(accuracy):0.0}" y2="{Y(accuracy):0.0}" stroke="#c2410c" stroke-dasharray="5 4"/><text x="{at}" y="{Y(accuracy) - 5:0.0}" text-anchor="{anchor}" fill="#c2410c">{says}: {accuracy:0.000}</text>""");
        void Legend(int at, string colour, string says) =>
            Line($"""<line x1="{Left + at}" x2="{Left + at + 22}" y1="42" y2="42" stroke="{colour}" stroke-width="3"/><text x="{Left + at + 28}" y="46" fill="#1c2430">{says}</text>""");
        void Curve(IReadOnlyList<LoopPoint> curve, string colour)
        {
            Line($"""<polyline points="{Points(curve.Select(point => (point.Labels, point.Accuracy)))}" fill="none" stroke="{colour}" stroke-width="2.5"/>""");
            foreach (var point in curve) Line($"""<circle cx="{X(point.Labels):0.0}" cy="{Y(point.Accuracy):0.0}" r="4" fill="{colour}"><title>{point.Labels} labels: {point.Accuracy:0.000}</title></circle>""");
        }
    }
}
