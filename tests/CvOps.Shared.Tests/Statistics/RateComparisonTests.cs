using CvOps.Statistics;
using FsCheck.Fluent;

namespace CvOps.Shared.Tests.Statistics;

public sealed class RateComparisonTests
{
    private const double LogAt = 4.605170185988092;

    [Fact]
    public void No_data_shows_nothing_and_one_side_alone_shows_nothing()
    {
        var test = new RateComparison(1);
        Assert.Equal(0, test.LogEvidence(0, 0, 0, 0), 1e-9);
        // No rate of the champion is excluded, so any of the challenger's may be the same.
        Assert.True(test.LogEvidence(1000, 999, 0, 0) <= 0);
        Assert.True(test.LogEvidence(0, 0, 1000, 0) <= 0);
    }

    [Theory]
    [InlineData(0.02, 1, 1)]
    [InlineData(0.02, 1, 20)]
    [InlineData(0.3, 1, 1)]
    [InlineData(0.02, 2, 5)]
    [InlineData(0.0005, 1, 5)]
    public void Sides_that_are_alike_are_told_apart_less_often_than_the_risk(double rate, double ratio, int controls)
    {
        var (test, random) = (new RateComparison(ratio), new Random(6));
        const int Runs = 150;
        var told = Enumerable.Range(0, Runs).Count(_ => ReportsToStop(test, random, rate * ratio, rate, controls, 1000) is not null);
        // At most 1.5 of 150 expected at 1 %, above 6 with probability below 0.001.
        Assert.True(told <= 6, $"{told} of {Runs} were told apart.");
    }

    [Theory]
    [InlineData(0.10, 1, 450)]
    [InlineData(0.10, 20, 160)]
    [InlineData(0.20, 20, 50)]
    public void A_rate_above_the_others_is_told_about_as_fast_as_one_above_a_known_limit(double rate, int controls, int most)
    {
        var (test, random) = (new RateComparison(1), new Random(8));
        var reports = Enumerable.Range(0, 61).Select(_ => ReportsToStop(test, random, rate, 0.02, controls, 5000) ?? 5000).Order().ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine($"{rate} against 0.02, {controls} controls a report: median {reports[30]}");
        Assert.InRange(reports[30], 10, most);
    }

    [Fact]
    public void More_bad_events_are_more_evidence_and_a_larger_ratio_less() => Check.Property(
        from trials in Gen.Choose(50, 2000)
        from events in Gen.Choose(0, 49)
        from others in Gen.Choose(0, 49)
        select (trials, events, others), x =>
        {
            var (one, two) = (new RateComparison(1), new RateComparison(2));
            return one.LogEvidence(x.trials, x.events + 1, x.trials, x.others) >= one.LogEvidence(x.trials, x.events, x.trials, x.others) - 1e-9
                && two.LogEvidence(x.trials, x.events, x.trials, x.others) <= one.LogEvidence(x.trials, x.events, x.trials, x.others) + 1e-9;
        });

    [Fact]
    public void Counts_that_are_none_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new RateComparison(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RateComparison(1).LogEvidence(3, 4, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RateComparison(1).LogEvidence(3, 1, 1, -1));
    }

    private static int? ReportsToStop(RateComparison test, Random random, double rate, double other, int controls, int most)
    {
        var (events, others) = (0L, 0L);
        for (var n = 1; n <= most; n++)
        {
            for (var i = 0; i < controls; i++) if (random.NextDouble() < other) others++;
            if (random.NextDouble() >= rate) continue;
            events++;
            if (test.LogEvidence(n, events, (long)n * controls, others) >= LogAt) return n;
        }
        return null;
    }
}
