using System.Globalization;

namespace CvOps.Fleet.Training.Gate;

/// <summary>Sorts pictures by how bright they are, into thirds of the golden set. Pure.</summary>
internal static class LightBands
{
    /// <summary>Grey levels between the darkest and the brightest tenth below which all light is one light.</summary>
    private const double LeastSpread = 20;

    /// <param name="brightness">Mean grey of each picture, 0..255.</param>
    /// <returns>The band of each, in their order; empty when the light hardly differs.</returns>
    public static string[] Of(IReadOnlyList<double> brightness)
    {
        if (brightness.Count < 3) return [];
        double[] sorted = [.. brightness.Order()];
        if (sorted[^(1 + (sorted.Length / 10))] - sorted[sorted.Length / 10] < LeastSpread) return [];
        var (low, high) = (sorted[sorted.Length / 3], sorted[sorted.Length * 2 / 3]);
        return [.. brightness.Select(value => value < low ? Name("dark, below", low) : value < high ? string.Create(CultureInfo.InvariantCulture, $"medium, {low:0} to {high:0}") : Name("bright, from", high))];
    }

    private static string Name(string words, double level) => string.Create(CultureInfo.InvariantCulture, $"{words} {level:0}");
}
