using System.Text.Json;
using CvOps.Statistics;

namespace CvOps.Shared.Tests.Statistics;

/// <summary>Against scipy and numpy: the numbers of the developer data set.</summary>
public sealed class ReferenceValuesTests
{
    [Fact]
    public void Univariate_distances_equal_scipys()
    {
        var (samples, expected) = Load();
        var checkedPairs = 0;
        foreach (var wanted in expected.GetProperty("univariate").EnumerateObject())
        {
            var (name, e) = (wanted.Name, wanted.Value);
            var pair = samples.GetProperty("univariate").GetProperty(name);
            var (reference, current) = (Numbers(pair.GetProperty("reference")), Numbers(pair.GetProperty("current")));
            var edges = SampleDistances.QuantileEdges(reference, 10);
            var scale = name.Contains("huge", StringComparison.Ordinal) ? 1e-5 : 1e-9;
            var inner = Numbers(e.GetProperty("quantile_bins").GetProperty("inner_edges"));
            Assert.Equal(inner.Length, edges.Length);
            foreach (var (a, b) in inner.Zip(edges)) Same(a, b, 1e-12, name);

            // The counts are judged on scipy's own edges: an edge one bit off moves a value that equals it.
            var (p, q) = (Count(inner, reference), Count(inner, current));
            Assert.Equal(Longs(e.GetProperty("quantile_bins").GetProperty("reference_counts")), p);
            Assert.Equal(Longs(e.GetProperty("quantile_bins").GetProperty("current_counts")), q);

            Same(e.GetProperty("psi").GetProperty("value"), Distances.Psi(p, q, e.GetProperty("psi").GetProperty("epsilon").GetDouble()), scale, name);
            Same(e.GetProperty("total_variation"), Distances.TotalVariation(p, q), scale, name);
            Same(e.GetProperty("js_distance_quantile_bins_base2"), Distances.JensenShannon(p, q), scale, name);
            Same(e.GetProperty("wasserstein1"), SampleDistances.Wasserstein1(reference, current), scale, name);
            var chi = e.GetProperty("chi_square");
            if (chi.ValueKind != JsonValueKind.Null && chi.GetProperty("statistic").ValueKind != JsonValueKind.Null)
            {
                var found = Distances.ChiSquare(p, q);
                Same(chi.GetProperty("statistic"), found.Statistic, scale, name);
                SameTail(chi.GetProperty("p"), found.PValue, name);
                Assert.Equal(chi.GetProperty("dof").GetInt32(), found.Degrees);
            }

            Same(e.GetProperty("energy_distance"), SampleDistances.Energy(reference, current), scale, name);
            var even = EvenEdges(reference, current);
            Same(e.GetProperty("js_distance_20_equal_width_base2"), Distances.JensenShannon(Count(even, reference), Count(even, current)), scale, name);
            Same(Numbers(e.GetProperty("mean")), [reference.Average(), current.Average()]);
            Same(Numbers(e.GetProperty("std_ddof1")), [Deviation(reference), Deviation(current)]);

            var ks = e.GetProperty("ks");
            foreach (var (property, convention) in Conventions)
            {
                if (!ks.TryGetProperty(property, out var p1)) continue;
                var found = SampleDistances.KolmogorovSmirnov(reference, current, convention);
                Same(ks.GetProperty("statistic"), found.Statistic, scale, name);
                // Ours is exact; scipy goes over to an expansion (Pelz and Good 1976) that errs by up to 5e-7 here.
                if (convention == KolmogorovSmirnovNull.OneSample) Same(p1, found.PValue, 1e-6, $"{name} {property}");
                else SameTail(p1, found.PValue, $"{name} {property}");
            }

            var (mw, ranks) = (e.GetProperty("mann_whitney"), MannWhitneyTest.Run(reference, current));
            Same(mw.GetProperty("u1"), ranks.U, scale, name);
            SameTail(mw.GetProperty("p_asymptotic_continuity_tie_corrected"), ranks.PValue, name);
            if (mw.TryGetProperty("p_exact", out var exact)) SameTail(exact, MannWhitneyTest.Exact(ranks.U, reference.Length, current.Length), name);
            SameMmd(e.GetProperty("mmd"), [.. reference.Select(v => new[] { v })], [.. current.Select(v => new[] { v })], name);
            checkedPairs++;
        }

        Assert.Equal(10, checkedPairs);
    }

    [Fact]
    public void Discrepancies_of_vectors_equal_numpys()
    {
        var (samples, expected) = Load();
        var checkedPairs = 0;
        foreach (var wanted in expected.GetProperty("multivariate").EnumerateObject())
        {
            var pair = samples.GetProperty("multivariate").GetProperty(wanted.Name);
            double[][] Vectors(string side) => [.. pair.GetProperty(side).EnumerateArray().Select(Numbers)];
            SameMmd(wanted.Value.GetProperty("mmd"), Vectors("reference"), Vectors("current"), wanted.Name);
            checkedPairs++;
        }

        Assert.Equal(3, checkedPairs);
    }

    [Fact]
    public void Categorical_distances_equal_scipys()
    {
        var (_, expected) = Load();
        foreach (var wanted in expected.GetProperty("categorical").EnumerateObject())
        {
            var e = wanted.Value;
            var (p, q) = (Longs(e.GetProperty("reference_counts")), Longs(e.GetProperty("current_counts")));
            Same(e.GetProperty("chi_square").GetProperty("statistic"), Distances.ChiSquare(p, q).Statistic, 1e-9, wanted.Name);
            SameTail(e.GetProperty("chi_square").GetProperty("p"), Distances.ChiSquare(p, q).PValue, wanted.Name);
            Assert.Equal(e.GetProperty("chi_square").GetProperty("dof").GetInt32(), Distances.ChiSquare(p, q).Degrees);
            Same(e.GetProperty("total_variation"), Distances.TotalVariation(p, q), 1e-9, wanted.Name);
            Same(e.GetProperty("js_distance_base2"), Distances.JensenShannon(p, q), 1e-9, wanted.Name);
            Same(e.GetProperty("psi_eps_1e-4"), Distances.Psi(p, q), 1e-9, wanted.Name);
        }
    }

    [Fact]
    public void Intervals_of_the_canary_proportions_equal_scipys()
    {
        var (_, expected) = Load();
        foreach (var e in expected.GetProperty("proportions").EnumerateArray())
        {
            var (b, c) = (Longs(e.GetProperty("baseline")), Longs(e.GetProperty("canary")));
            var (baseline, canary) = (Intervals.Wilson(b[0], b[1]), Intervals.Wilson(c[0], c[1]));
            var difference = Intervals.Newcombe(b[0], b[1], c[0], c[1]);
            Same(Numbers(e.GetProperty("wilson95_baseline")), [baseline.Low, baseline.High]);
            Same(Numbers(e.GetProperty("wilson95_canary")), [canary.Low, canary.High]);
            Same(Numbers(e.GetProperty("newcombe95_diff_baseline_minus_canary")), [difference.Low, difference.High]);
            var (z, pooled) = Intervals.PooledZ(b[0], b[1], c[0], c[1]);
            Same(e.GetProperty("pooled_z"), z, 1e-9, "pooled z");
            SameTail(e.GetProperty("p_two_sided_z"), pooled, "pooled z");
            Same(e.GetProperty("fisher_exact_p_two_sided"), Intervals.FisherExact(b[0], b[1], c[0], c[1]), 1e-9, "Fisher");
        }
    }

    private static readonly (string Property, KolmogorovSmirnovNull Convention)[] Conventions =
    [
        ("p_kolmogorov_limit", KolmogorovSmirnovNull.Limit), ("p_stephens_corrected", KolmogorovSmirnovNull.Stephens),
        ("p_scipy_asymp", KolmogorovSmirnovNull.OneSample), ("p_exact", KolmogorovSmirnovNull.Exact),
    ];

    private static void SameMmd(JsonElement expected, double[][] reference, double[][] current, string name)
    {
        var scale = name.Contains("huge", StringComparison.Ordinal) ? 1e-5 : 1e-9;
        var found = MeanDiscrepancy.Between(reference, current);
        Same(expected.GetProperty("sigma_used"), found.Sigma, scale, name);
        Same(expected.GetProperty("mmd2_biased"), found.Biased, scale, name);
        Same(expected.GetProperty("mmd2_unbiased"), found.Unbiased, scale, name);
    }

    /// <summary>19 inner edges of 20 equal parts from the least to the greatest value of both.</summary>
    private static double[] EvenEdges(double[] reference, double[] current)
    {
        var (low, high) = (Math.Min(reference.Min(), current.Min()), Math.Max(reference.Max(), current.Max()));
        return [.. Enumerable.Range(1, 19).Select(i => low + (i * ((high - low) / 20)))];
    }

    private static double Deviation(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    }

    private static (JsonElement Samples, JsonElement Expected) Load()
    {
        var data = Environment.GetEnvironmentVariable("CVOPS_DATA");
        Assert.SkipWhen(string.IsNullOrEmpty(data), "CVOPS_DATA does not name the developer data set.");
        var folder = Path.Combine(data!, "stats-reference");
        using var samples = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "samples.json")));
        using var expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")));
        return (samples.RootElement.Clone(), expected.RootElement.Clone());
    }

    private static long[] Count(double[] edges, double[] values)
    {
        var histogram = new Histogram(edges);
        foreach (var value in values) histogram.Add(value);
        return [.. histogram.Counts];
    }

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];

    private static long[] Longs(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt64())];

    private static void Same(double[] expected, double[] actual)
    {
        foreach (var (a, b) in expected.Zip(actual)) Same(a, b, 1e-9, "interval");
    }

    private static void Same(JsonElement expected, double actual, double tolerance, string name)
    {
        if (expected.ValueKind != JsonValueKind.Null) Same(expected.GetDouble(), actual, tolerance, name);
    }

    /// <summary>P-values to a millionth of themselves, however small, and to 1e-9.</summary>
    private static void SameTail(JsonElement expected, double actual, string name)
    {
        if (expected.ValueKind == JsonValueKind.Null) return;
        var p = expected.GetDouble();
        Assert.True(Math.Abs(p - actual) <= Math.Min(1e-9, 1e-6 * p), $"{name}: expected p {p:R}, found {actual:R}");
    }

    private static void Same(double expected, double actual, double tolerance, string name) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected)), $"{name}: expected {expected:R}, found {actual:R}");
}
