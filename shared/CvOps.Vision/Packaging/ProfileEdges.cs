using CvOps.Contracts.Packages;
using CvOps.Statistics;

namespace CvOps.Vision.Packaging;

/// <summary>Cuts the values of one covariate into the bins of a reference profile.</summary>
internal static class ProfileEdges
{
    /// <summary>Values in an outermost bin below which its edge says nothing.</summary>
    private const int LeastOutside = 2;

    /// <summary>Part of all values from which on one value has a bin of its own.</summary>
    private const double AtomShare = 0.2;

    private const int LeastAtom = 3;

    /// <param name="values">Finite, at least one.</param>
    /// <param name="quantiles">Rising edges of a sample.</param>
    public static ReferenceHistogram Histogram(string covariate, IReadOnlyList<double> values, Func<IReadOnlyList<double>, double[]> quantiles)
    {
        var resolution = Covariates.Resolution(covariate);
        var edges = Apart([.. Atoms(Inside(quantiles(values), values, resolution), values, resolution)], resolution);
        var counted = new Histogram(edges);
        foreach (var value in values) counted.Add(value);
        return counted.ToReference() with { Mean = values.Average(), Least = values.Min(), Greatest = values.Max() };
    }

    /// <summary>Without outer edges that too few values lie beyond: their share in the reference is chance.</summary>
    private static ReadOnlySpan<double> Inside(double[] edges, IReadOnlyList<double> values, double resolution)
    {
        var (first, last) = (0, edges.Length - 1);
        while (first < last && values.Count(value => value < edges[first]) < LeastOutside && !IsAtom(edges[first], values, resolution)) first++;
        while (last > first && values.Count(value => value >= edges[last]) < LeastOutside && !IsAtom(edges[last], values, resolution)) last--;
        return edges.AsSpan()[first..(last + 1)];
    }

    /// <summary>A value that piles up, as a clipped fraction of 0 does, is no edge but the middle of a bin: a move to either side shows, jitter does not.</summary>
    private static List<double> Atoms(ReadOnlySpan<double> edges, IReadOnlyList<double> values, double resolution)
    {
        var found = new List<double>();
        foreach (var edge in edges)
        {
            if (!IsAtom(edge, values, resolution)) found.Add(edge);
            else found.AddRange([edge - resolution, edge + resolution]);
        }
        found.Sort();
        return found;
    }

    private static bool IsAtom(double value, IReadOnlyList<double> values, double resolution) => values.Count(other => Math.Abs(other - value) < resolution / 2) >= Math.Max(LeastAtom, AtomShare * values.Count);

    private static List<double> Apart(List<double> edges, double resolution)
    {
        var kept = new List<double>();
        foreach (var edge in edges)
            if (kept.Count == 0 || edge - kept[^1] >= resolution) kept.Add(edge);
        return kept;
    }
}
