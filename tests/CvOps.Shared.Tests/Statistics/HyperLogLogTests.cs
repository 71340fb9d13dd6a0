using CvOps.Statistics;
using FsCheck.Fluent;

namespace CvOps.Shared.Tests.Statistics;

public sealed class HyperLogLogTests
{
    /// <summary>From nothing up to far beyond the registers, where the first estimators had to change their formula and were biased.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(1_000)]
    [InlineData(2_500)]
    [InlineData(5_000)]
    [InlineData(100_000)]
    public void The_error_it_names_is_the_one_it_makes(int things)
    {
        const int Rounds = 100;
        double[] errors = new double[Rounds];
        for (var round = 0; round < Rounds; round++)
        {
            var sketch = new HyperLogLog(10);
            for (var i = 0; i < things; i++) sketch.Add(((ulong)round << 32) + (ulong)i);
            errors[round] = (sketch.Estimate - things) / Math.Max(1, things);
        }

        var named = new HyperLogLog(10).RelativeError;
        Assert.InRange(Math.Sqrt(errors.Average(e => e * e)), 0, 1.25 * named);
        // No bias: the mean of a hundred errs by a tenth of one; four of those are allowed.
        Assert.InRange(errors.Average(), -0.4 * named, 0.4 * named);
    }

    [Fact]
    public void Seen_again_is_not_seen_anew()
    {
        var sketch = new HyperLogLog();
        for (var round = 0; round < 50; round++)
            for (var part = 0; part < 300; part++) sketch.Add($"part-{part}");
        Assert.InRange(sketch.Estimate, 280, 320);
    }

    [Fact]
    public void Merging_gives_the_same_bits_in_any_order_and_grouping_and_equals_having_seen_all() => Check.Property(
        from order in Gen.Shuffle(Enumerable.Range(0, 6))
        from cut in Gen.Choose(1, 5)
        from things in Gen.Choose(1, 3000)
        select (order, cut, things),
        it =>
        {
            HyperLogLog Of(IEnumerable<int> parts)
            {
                var sketch = new HyperLogLog(8);
                foreach (var part in parts)
                    for (var i = 0; i < it.things; i++) sketch.Add((ulong)((part * 1000) + i));
                return sketch;
            }

            var all = Of(it.order);
            var (left, right) = (new HyperLogLog(8), new HyperLogLog(8));
            foreach (var part in it.order.Take(it.cut)) left.Merge(Of([part]));
            foreach (var part in it.order.Skip(it.cut)) right.Merge(Of([part]));
            right.Merge(left);
            return right.ToBytes().SequenceEqual(all.ToBytes());
        }, 30);

    [Fact]
    public void Bytes_come_back_as_they_went_and_damaged_ones_are_refused()
    {
        var sketch = new HyperLogLog(6);
        foreach (var part in Enumerable.Range(0, 100)) sketch.Add($"part-{part}");
        var bytes = sketch.ToBytes();
        Assert.Equal(66, bytes.Length);
        Assert.Equal(sketch.Estimate, HyperLogLog.FromBytes(bytes).Estimate);
        byte[] impossible = [.. bytes];
        impossible[5] = 60;
        foreach (var wrong in new[] { [], [1], bytes[..^1], [.. bytes, 0], [2, .. bytes[1..]], [1, 3, .. new byte[8]], impossible })
            Assert.Contains("are no counting sketch", Assert.Throws<FormatException>(() => HyperLogLog.FromBytes(wrong)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => sketch.Merge(new HyperLogLog(7)));
    }
}
