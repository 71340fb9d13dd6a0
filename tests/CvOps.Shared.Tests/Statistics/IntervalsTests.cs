using CvOps.Statistics;
using FsCheck.Fluent;

namespace CvOps.Shared.Tests.Statistics;

public sealed class IntervalsTests
{
    // Newcombe 1998 (Stat. Med. 17:2635), table III: method 10 for 36, 12, 2, 0.
    [Fact]
    public void Paired_difference_agrees_with_the_published_table()
    {
        var interval = Intervals.PairedDifference(both: 36, onlyFirst: 12, onlySecond: 2, neither: 0);
        Assert.Equal(0.2, interval.Estimate, 1e-12);
        Assert.Equal(0.0569, interval.Low, 5e-5);
        Assert.Equal(0.3404, interval.High, 5e-5);
    }

    [Fact]
    public void Paired_difference_without_correlation_is_that_of_independent_samples()
    {
        // Phi is 0 when both x neither = only first x only second.
        var (paired, apart) = (Intervals.PairedDifference(40, 20, 20, 10), Intervals.Newcombe(60, 90, 60, 90));
        Assert.Equal(apart.Low, paired.Low, 1e-12);
        Assert.Equal(apart.High, paired.High, 1e-12);
    }

    [Fact]
    public void Swapping_the_models_turns_the_paired_interval_round() => Check.Property(
        Gen.Choose(0, 60).ArrayOf(4).Where(c => c.Sum() > 0),
        c =>
        {
            var (there, back) = (Intervals.PairedDifference(c[0], c[1], c[2], c[3]), Intervals.PairedDifference(c[0], c[2], c[1], c[3]));
            return Math.Abs(there.Low + back.High) < 1e-9 && Math.Abs(there.High + back.Low) < 1e-9 && there.Low <= there.Estimate && there.Estimate <= there.High;
        });

    [Fact]
    public void No_trials_say_nothing()
    {
        Assert.Equal((0, 1), (Intervals.Wilson(0, 0).Low, Intervals.Wilson(0, 0).High));
        Assert.Equal((-1, 1), (Intervals.Newcombe(0, 0, 3, 4).Low, Intervals.PairedDifference(0, 0, 0, 0).High));
    }

    [Fact]
    public void A_count_that_is_no_share_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => Intervals.Wilson(5, 4));

    /// <summary>By hand: 2 (1 + 4) / 16 for 1 and 3, 2 / 2^10 for 10 and 0.</summary>
    [Fact]
    public void McNemars_exact_test_is_a_two_sided_sign_test_of_the_discordant_pairs()
    {
        Assert.Equal(0.625, Intervals.McNemarExact(1, 3), 12);
        Assert.Equal(1, Intervals.McNemarExact(0, 0));
        Assert.Equal(1, Intervals.McNemarExact(2, 2));
        Assert.Equal(Math.Pow(2, -9), Intervals.McNemarExact(10, 0), 12);
        Assert.Equal(Intervals.McNemarExact(121, 59), Intervals.McNemarExact(59, 121));
    }

    [Fact]
    public void The_mean_of_pairs_has_the_interval_of_the_normal_distribution()
    {
        // Mean 2, deviation 1, 4 pairs: 2 +- 1.959964 / 2.
        var interval = Intervals.PairedMean([1, 2 - Math.Sqrt(0.5), 2 + Math.Sqrt(0.5), 3]);
        Assert.Equal(2, interval.Estimate, 12);
        Assert.Equal(2 - (1.959963984540054 / 2), interval.Low, 9);
        Assert.Equal(double.PositiveInfinity, Intervals.PairedMean([1]).High);
    }
}
