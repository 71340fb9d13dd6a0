using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Statistics.Embeddings;

namespace CvOps.Shared.Tests.Statistics;

public sealed class EmbeddingTests
{
    private const int Dimensions = 40;

    private readonly Random _chance = new(20_261_121);

    [Fact]
    public void The_sketch_is_below_the_truth_by_no_more_than_it_says_and_finds_the_strong_direction()
    {
        var sketch = new FrequentDirections(6, Dimensions);
        var rows = Enumerable.Range(0, 400).Select(_ => Draw().Select(x => (double)x - 2).ToArray()).ToList();
        foreach (var row in rows) sketch.Add(row);
        var found = sketch.Directions();
        Assert.Equal(6, found.Count);
        foreach (var (direction, squares) in found)
        {
            var truth = rows.Sum(row => Math.Pow(row.Zip(direction, (a, b) => a * b).Sum(), 2));
            Assert.InRange(squares, truth - sketch.Error * (1 + 1e-9), truth * (1 + 1e-9));
            Assert.Equal(1, direction.Sum(x => x * x), 1e-9);
        }
        // Drawn with ten times the deviation along the first axis.
        Assert.InRange(Math.Abs(found[0].Direction[0]), 0.98, 1.0001);
        // At most what the rows hold, over the directions kept (Ghashami et al., theorem 1.1).
        Assert.InRange(sketch.Error, 0, rows.Sum(row => row.Sum(x => x * x)) / 6);
    }

    [Fact]
    public void The_reference_itself_is_one_deviation_away_and_what_moved_is_further_whichever_way()
    {
        var embeddings = Enumerable.Range(0, 500).Select(_ => Draw()).ToList();
        var gauge = new EmbeddingGauge(EmbeddingReferenceBuilder.Build(embeddings)!);
        var projections = new double[gauge.Projections];
        double Mean(Func<float[], float[]> change) => Enumerable.Range(0, 300).Average(_ => gauge.Measure(change(Draw()), projections));
        var same = Mean(x => x);
        Assert.InRange(same, 0.8, 1.2);
        Assert.True(Mean(x => [.. x.Select(v => v + 1)]) > 1.2 * same, "a shift of the mean");
        Assert.True(Mean(x => [.. x.Select(v => v * 1.5f)]) > 1.2 * same, "a wider spread");
        // Along the axis that varies by 10 anyway, a step of 1 is nothing.
        Assert.InRange(Mean(x => { x[0] += 1; return x; }), 0.95 * same, 1.05 * same);
    }

    [Fact]
    public void Projections_have_the_signs_that_the_seed_says()
    {
        var reference = new EmbeddingReference { Frames = 30, Mean = [1, 1, 1], Directions = [], Variances = [], Rest = 1, Error = 0, Projections = 2, Seed = 0 };
        var projections = new double[2];
        new EmbeddingGauge(reference).Measure([2, 1, 1], projections);
        // SplitMix64 from 0 begins e220a8397b1dcdaf, 6e789e6aa1b965f4: lowest bits 1 and 0.
        Assert.Equal([1 / Math.Sqrt(3), -1 / Math.Sqrt(3)], projections.Select(p => Math.Round(p, 6)), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void What_is_no_embedding_has_no_distance()
    {
        var gauge = new EmbeddingGauge(EmbeddingReferenceBuilder.Build([.. Enumerable.Range(0, 40).Select(_ => Draw())])!);
        var projections = new double[gauge.Projections];
        foreach (var wrong in (float[][])[[], new float[Dimensions - 1], [.. Draw().Skip(1), float.NaN], [.. Draw().Skip(1), float.PositiveInfinity], [.. Draw().Skip(1), float.MaxValue]])
        {
            Assert.True(double.IsNaN(gauge.Measure(wrong, projections)));
            Assert.All(projections, p => Assert.True(double.IsNaN(p)));
        }
    }

    [Fact]
    public void Too_few_embeddings_or_all_the_same_or_too_long_ones_make_no_reference()
    {
        Assert.Null(EmbeddingReferenceBuilder.Build([]));
        Assert.Null(EmbeddingReferenceBuilder.Build([.. Enumerable.Range(0, 29).Select(_ => Draw())]));
        Assert.Null(EmbeddingReferenceBuilder.Build([.. Enumerable.Range(0, 50).Select(_ => new float[] { 1, 2 })]));
        Assert.Null(EmbeddingReferenceBuilder.Build([.. Enumerable.Range(0, 50).Select(i => new float[Limits.EmbeddingNumbers + 1])]));
    }

    private float[] Draw() => [.. Enumerable.Range(0, Dimensions).Select(i => (float)(2 + (i == 0 ? 10 : 1) * Math.Sqrt(-2 * Math.Log(1 - _chance.NextDouble())) * Math.Cos(2 * Math.PI * _chance.NextDouble())))];
}
