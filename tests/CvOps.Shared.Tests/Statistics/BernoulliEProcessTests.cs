using CvOps.Statistics;

namespace CvOps.Shared.Tests.Statistics;

public sealed class BernoulliEProcessTests
{
    private const double StopAt = 100;

    [Fact]
    public void No_data_shows_nothing() => Assert.Equal(1, new BernoulliEProcess(0.02).Evidence, 1e-12);

    [Fact]
    public void A_rate_that_is_normal_is_stopped_less_often_than_the_risk_over_thousands_of_looks()
    {
        var random = new Random(7);
        const int Runs = 600;
        var stops = Enumerable.Range(0, Runs).Count(_ => ReportsToStop(random, 0.02, 3000) is not null);
        Assert.True(stops <= 0.01 * Runs, $"{stops} of {Runs} runs stopped although nothing was wrong.");
    }

    // Median of 400 runs of an even mixture of seven rates; the tolerance covers the noise of a median, and the third report that a catastrophe needs here.
    [Theory]
    [InlineData(0.05, 339, 70)]
    [InlineData(0.10, 63, 15)]
    [InlineData(0.20, 17, 4)]
    [InlineData(0.50, 5, 1)]
    [InlineData(1.00, 2, 1)]
    public void A_rate_that_is_too_high_is_stopped_no_slower_than_by_an_even_mixture(double rate, int median, int tolerance)
    {
        var random = new Random(11);
        var reports = Enumerable.Range(0, 400).Select(_ => ReportsToStop(random, rate, 20_000) ?? 20_000).Order().ToArray();
        Assert.InRange(reports[200], 1, median + tolerance);
    }

    [Fact]
    public void A_rate_that_is_far_below_the_limit_is_told_too_and_one_at_it_less_often_than_the_risk()
    {
        Assert.True(new BernoulliEProcess(0.1, 300, 3).LogEvidenceBelow > Math.Log(StopAt));
        Assert.True(new BernoulliEProcess(0.1, 300, 30).LogEvidenceBelow < 0);
        Assert.Equal(0, new BernoulliEProcess(0.1).LogEvidenceBelow, 1e-12);
    }

    [Fact]
    public void State_is_the_counts_and_survives_json()
    {
        var process = new BernoulliEProcess(0.001).Observe(500, 3).Observe(200, 1);
        var back = System.Text.Json.JsonSerializer.Deserialize<BernoulliEProcess>(System.Text.Json.JsonSerializer.Serialize(process));
        Assert.Equal(process, back);
        Assert.Equal(process.LogEvidence, back!.LogEvidence);
        Assert.Equal((700, 4), (back.Trials, back.Events));
    }

    [Fact]
    public void A_normal_rate_of_nothing_or_everything_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new BernoulliEProcess(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BernoulliEProcess(0.7));
    }

    private static int? ReportsToStop(Random random, double rate, int most)
    {
        var process = new BernoulliEProcess(0.02);
        for (var n = 1; n <= most; n++)
        {
            process = process.Observe(1, random.NextDouble() < rate ? 1 : 0);
            if (process.Evidence >= StopAt) return n;
        }

        return null;
    }
}
