using CvOps.Statistics;
using CvOps.Contracts.Telemetry;
using FsCheck.Fluent;

namespace CvOps.Shared.Tests.Statistics;

public sealed class HistogramTests
{
    [Fact]
    public void A_value_on_an_edge_goes_up_and_what_is_no_number_is_counted_nowhere()
    {
        var histogram = new Histogram([0, 1]);
        foreach (var value in new[] { -1, 0, 0.5, 1, 2, double.NaN, double.PositiveInfinity }) histogram.Add(value);

        Assert.Equal([1, 2, 2], histogram.Counts);
        Assert.Equal(5, histogram.Total);
        Assert.Equal(2.5, histogram.Sum);
    }

    [Fact]
    public void Edges_that_do_not_rise_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Histogram([]));
        Assert.Throws<ArgumentException>(() => new Histogram([1, 1]));
        Assert.Throws<ArgumentException>(() => new Histogram([1, double.NaN]));
    }

    [Fact]
    public void Counts_over_other_edges_never_merge()
    {
        var histogram = new Histogram([0, 1]);
        Assert.Throws<ArgumentException>(() => histogram.Merge(new Histogram([0, 2]).ToCounts()));
        Assert.Throws<ArgumentException>(() => Histogram.Merge(histogram.ToCounts(), new Histogram([0, 2]).ToCounts()));
    }

    [Fact]
    public void Merging_gives_the_same_bits_in_any_order() => Check.Property(
        from values in Gen.Choose(-1_000_000, 1_000_000).ArrayOf(60)
        from order in Gen.Shuffle(Enumerable.Range(0, 6))
        select (values.Select(v => v / 3917.0).ToArray(), order),
        it =>
        {
            var (values, order) = it;
            var parts = values.Chunk(10).Select(Of).ToArray();
            var straight = parts.Aggregate(Histogram.Merge);
            var shuffled = order.Select(i => parts[i]).Aggregate(Histogram.Merge);
            var all = Of(values);
            return straight.Counts.SequenceEqual(shuffled.Counts) && straight.Counts.SequenceEqual(all.Counts)
                && Bits(straight.Sum) == Bits(shuffled.Sum) && Bits(straight.Sum) == Bits(all.Sum);
        });

    [Fact]
    public void Sums_below_two_to_the_33_are_the_same_bits_in_any_order_and_grouping()
    {
        var chance = new Random(9);
        // A thousand parts of 32 values up to a quarter of a million: 2^32.9 at most.
        HistogramCounts[] parts = [.. Enumerable.Range(0, 1000).Select(_ => Of([.. Enumerable.Range(0, 32).Select(_ => 250_000 * chance.NextDouble())]))];
        var straight = Bits(parts.Aggregate(Histogram.Merge).Sum);
        for (var round = 0; round < 20; round++)
        {
            chance.Shuffle(parts);
            var cut = chance.Next(1, parts.Length);
            Assert.Equal(straight, Bits(Histogram.Merge(parts[cut..].Aggregate(Histogram.Merge), parts[..cut].Aggregate(Histogram.Merge)).Sum));
        }
    }

    [Fact]
    public void Edges_with_tails_part_a_sample_as_they_say_and_equal_values_give_one()
    {
        double[] sample = [.. Enumerable.Range(0, 10_001).Select(i => (double)i)];
        Assert.Equal([10, 100, 500, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 9500, 9900, 9990], SampleDistances.TailEdges(sample).Select(edge => Math.Round(edge, 9)));
        Assert.Equal([7.0], SampleDistances.TailEdges([7, 7, 7]));
        Assert.Throws<ArgumentException>(() => SampleDistances.TailEdges([]));
    }

    private static HistogramCounts Of(double[] values)
    {
        var histogram = new Histogram([-100, -10, 0, 0.5, 10, 100]);
        foreach (var value in values) histogram.Add(value);
        return histogram.ToCounts();
    }

    private static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);
}
