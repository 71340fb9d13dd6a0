using System.Globalization;

namespace CvOps.Fleet.Web.Parts;

/// <summary>One line of a chart.</summary>
/// <param name="Style">Class of the line in the style sheet: a, b, c.</param>
/// <param name="Points">By rising x; NaN and infinities are left out.</param>
public sealed record ChartLine(string Name, string Style, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Maps data to a 600 x 160 picture. Pure.</summary>
public readonly record struct ChartScale(double Left, double Right, double Low, double High)
{
    public const int Width = 600;
    public const int Height = 160;
    private const int Margin = 6;

    public static ChartScale Of(IReadOnlyList<(double X, double Y)> points, IReadOnlyList<double> limits)
    {
        var finite = points.Where(point => double.IsFinite(point.Y)).ToArray();
        if (finite.Length == 0) return new ChartScale(0, 1, 0, 1);
        var low = Math.Min(finite.Min(point => point.Y), limits.DefaultIfEmpty(double.MaxValue).Min());
        var high = Math.Max(finite.Max(point => point.Y), limits.DefaultIfEmpty(double.MinValue).Max());
        if (high - low < 1e-9) (low, high) = (low - 0.5, high + 0.5);
        var (left, right) = (finite.Min(point => point.X), finite.Max(point => point.X));
        return new ChartScale(left, right > left ? right : left + 1, low, high);
    }

    public string Y(double value) => Text(Height - Margin - ((value - Low) / (High - Low) * (Height - (2 * Margin))));

    public string X(double value) => Text((value - Left) / (Right - Left) * Width);

    /// <summary>Points of an SVG polyline.</summary>
    public string Points(IReadOnlyList<(double X, double Y)> points)
    {
        var scale = this;
        return string.Join(' ', points.Where(point => double.IsFinite(point.Y)).Select(point => $"{scale.X(point.X)},{scale.Y(point.Y)}"));
    }

    private static string Text(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
