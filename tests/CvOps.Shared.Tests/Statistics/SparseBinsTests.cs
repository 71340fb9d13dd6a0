using CvOps.Statistics;

namespace CvOps.Shared.Tests.Statistics;

public sealed class SparseBinsTests
{
    [Fact]
    public void Tails_join_their_neighbours_and_deciles_stay()
    {
        long[] reference = [1, 9, 40, 50, 100, 100, 100, 100, 100, 100, 100, 100, 50, 40, 9, 1];
        var (pooled, same) = SparseBins.Pool(reference, reference);
        Assert.Equal([100L, 100, 100, 100, 100, 100, 100, 100, 100, 100], pooled);
        Assert.Equal(pooled, same);
    }

    [Fact]
    public void What_the_reference_left_empty_stays_a_bin()
    {
        var (reference, current) = SparseBins.Pool([0, 500, 0], [7, 100, 100]);
        Assert.Equal([0L, 500, 0], reference);
        Assert.Equal([7L, 100, 100], current);
    }

    [Fact]
    public void What_is_left_at_the_end_joins_the_last()
    {
        var (reference, current) = SparseBins.Pool([3, 40, 50, 5, 2], [1, 2, 3, 4, 5]);
        Assert.Equal([43L, 57], reference);
        Assert.Equal([3L, 12], current);
    }

    [Fact]
    public void Nothing_counted_is_left_as_it_is()
    {
        Assert.Equal([0L, 0], SparseBins.Pool([0, 0], [3, 4]).Reference);
        Assert.Equal([5L], SparseBins.Pool([5], [1]).Reference);
        Assert.Throws<ArgumentException>(() => SparseBins.Pool([1], [1, 2]));
    }
}
