using CvOps.Statistics;
using FsCheck.Fluent;

namespace CvOps.Shared.Tests.Statistics;

public sealed class KllSketchTests(ITestOutputHelper output)
{
    [Fact]
    public void Few_values_are_kept_exactly()
    {
        var summary = Of(1, [5, 1, double.NaN, 3, double.PositiveInfinity, 2, 4]);
        Assert.Equal((5, 1.0, 5.0, 0.0), (summary.Count, summary.Least, summary.Greatest, summary.RankError));
        Assert.Equal([1, 1, 3, 5, 5], new[] { 0, 0.2, 0.5, 0.81, 1 }.Select(summary.Quantile));
        Assert.Equal((0.0, 0.4, 1.0), (summary.Rank(0.5), summary.Rank(2), summary.Rank(7)));
    }

    [Fact]
    public void Nothing_seen_has_no_quantile_and_merges_without_a_trace()
    {
        Assert.True(double.IsNaN(KllSummary.Empty.Quantile(0.5)) && double.IsNaN(KllSummary.Empty.Rank(0)));
        var some = Of(1, [1, 2, 3]);
        Assert.Equal(some.ToBytes(), KllSummary.Merge([KllSummary.Empty, some, new KllSketch(64, 1).ToSummary()]).ToBytes());
        Assert.Equal(0, KllSummary.Merge([]).Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => some.Quantile(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KllSketch(7, 1));
    }

    /// <summary>200 streams with seeds of their own, each asked for nine ranks; the error that the sketch names may be beaten in one of a hundred.</summary>
    [Theory]
    [InlineData(64, 20_000, "rising")]
    [InlineData(64, 20_000, "shuffled")]
    [InlineData(200, 50_000, "shuffled")]
    public void The_error_it_names_holds_in_99_of_100(int k, int values, string order)
    {
        double[] sorted = [.. Enumerable.Range(1, values).Select(i => (double)i)];
        var (beaten, asked, largest, named) = (0, 0, 0.0, 0.0);
        for (var seed = 0; seed < 200; seed++)
        {
            double[] stream = [.. sorted];
            if (order == "shuffled") new Random(seed).Shuffle(stream);
            var summary = Of((ulong)seed, stream, k);
            Assert.Equal(values, summary.Count);
            Assert.InRange(named = summary.RankError, 0, 6.0 / k);
            for (var rank = 1; rank <= 9; rank++, asked++)
            {
                var error = Math.Abs(summary.Rank(values * rank / 10) - (rank / 10.0));
                largest = Math.Max(largest, error);
                if (error > summary.RankError) beaten++;
            }
        }

        output.WriteLine($"k {k}, {order}: named {named * k:0.0} / k, largest {largest * k:0.0} / k, beaten {beaten} of {asked}");
        Assert.InRange(beaten, 0, asked / 100);
        // And it names no more than five times what is there: an error so wide that nothing could exceed it says nothing.
        Assert.InRange(largest, 0.2 / k, double.MaxValue);
    }

    [Fact]
    public void Merged_streams_err_less_than_each_of_them()
    {
        KllSummary[] parts = [.. Enumerable.Range(0, 50).Select(i => Of((ulong)i, Shuffled(i, 5000), 32))];
        var all = KllSummary.Merge(parts);
        Assert.Equal(250_000, all.Count);
        Assert.InRange(all.RankError, 0, parts[0].RankError / 5);
        for (var rank = 1; rank <= 9; rank++) Assert.InRange(all.Rank(500 * rank), (rank / 10.0) - all.RankError, (rank / 10.0) + all.RankError);
    }

    [Fact]
    public void Merging_gives_the_same_bits_in_any_order_and_grouping() => Check.Property(
        from sizes in Gen.Choose(0, 400).ArrayOf(8)
        from order in Gen.Shuffle(Enumerable.Range(0, 8))
        from cut in Gen.Choose(1, 7)
        select (sizes, order, cut),
        it =>
        {
            KllSummary[] parts = [.. it.sizes.Select((size, i) => Of((ulong)i, Shuffled(i + size, size), 16))];
            var straight = KllSummary.Merge(parts).ToBytes();
            KllSummary[] shuffled = [.. it.order.Select(i => parts[i])];
            var grouped = KllSummary.Merge([KllSummary.Merge(shuffled[it.cut..]), KllSummary.Merge(shuffled[..it.cut])]);
            var oneByOne = shuffled.Aggregate(KllSummary.Empty, (sum, part) => KllSummary.Merge([sum, part]));
            return straight.SequenceEqual(grouped.ToBytes()) && straight.SequenceEqual(oneByOne.ToBytes());
        });

    [Theory]
    [InlineData(0)]
    [InlineData(4095)]
    [InlineData(20_000)]
    public void Long_rows_are_sorted_as_short_ones(int length)
    {
        var chance = new Random(length);
        double[] values = [.. Enumerable.Range(0, length).Select(i => (i % 7) switch { 0 => 0, 1 => -chance.Next(5), 2 => double.Epsilon, 3 => double.MaxValue * (chance.NextDouble() - 0.5), _ => 1000 * (chance.NextDouble() - 0.5) })];
        double[] expected = [.. values];
        Array.Sort(expected);
        DoubleSort.Sort(values);
        Assert.Equal(expected, values);
    }

    [Fact]
    public void Bytes_come_back_as_they_went_and_damaged_ones_are_refused()
    {
        var summary = Of(7, Shuffled(1, 3000), 32);
        var bytes = summary.ToBytes();
        var back = KllSummary.FromBytes(bytes);
        Assert.Equal(bytes, back.ToBytes());
        Assert.Equal((summary.Count, summary.RankError, summary.Quantile(0.3)), (back.Count, back.RankError, back.Quantile(0.3)));
        Assert.Equal(0, KllSummary.FromBytes(KllSummary.Empty.ToBytes()).Count);

        var chance = new Random(1);
        for (var length = 0; length < bytes.Length; length += 7) Refused(bytes[..length]);
        Refused([.. bytes, 0]);
        for (var i = 0; i < 2000; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[chance.Next(damaged.Length)] ^= (byte)(1 << chance.Next(8));
            // Some damage makes another summary; none makes another exception.
            try
            {
                KllSummary.FromBytes(damaged).Quantile(0.5);
            }
            catch (FormatException)
            {
            }
        }
    }

    private static void Refused(byte[] bytes) => Assert.Contains("are no quantile summary", Assert.Throws<FormatException>(() => KllSummary.FromBytes(bytes)).Message, StringComparison.Ordinal);

    private static double[] Shuffled(int seed, int values)
    {
        double[] stream = [.. Enumerable.Range(1, values).Select(i => (double)i)];
        new Random(seed).Shuffle(stream);
        return stream;
    }

    private static KllSummary Of(ulong seed, IEnumerable<double> values, int k = 64)
    {
        var sketch = new KllSketch(k, seed);
        foreach (var value in values) sketch.Add(value);
        return sketch.ToSummary();
    }
}
