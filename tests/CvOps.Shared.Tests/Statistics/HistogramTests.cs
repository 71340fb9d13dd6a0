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

    private static HistogramCounts Of(double[] values)
    {
        var histogram = new Histogram([-100, -10, 0, 0.5, 10, 100]);
        foreach (var value in values) histogram.Add(value);
        return histogram.ToCounts();
    }

    private static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);
}
