using CvOps.Statistics;

namespace CvOps.Shared.Tests.Statistics;

public sealed class ConfidenceSequenceTests
{
    // Values of the authors' own library, to their tolerance.
    [Theory]
    [InlineData(700, 1000, 100, 0.651629, 0.745949)]
    [InlineData(15, 50, 50, 0.129556, 0.511896)]
    [InlineData(5, 50, 50, 0.013021, 0.269264)]
    [InlineData(1, 50, 50, 0.0, 0.13489)]
    [InlineData(100, 200, 1, 0.328923, 0.671076)]
    public void A_rates_interval_is_the_published_one(long events, long trials, double tunedFor, double low, double high)
    {
        var interval = ConfidenceSequence.Rate(events, trials, 0.05, tunedFor);
        Assert.Equal((low, high), (Math.Round(interval.Low, 6), Math.Round(interval.High, 6)), new Near(1e-5));
    }

    [Fact]
    public void The_mixtures_have_the_published_values()
    {
        var rho = ConfidenceSequence.NormalRho(100);
        Assert.Equal(12.60056, rho, 1e-5);
        Assert.Equal(30.35209, ConfidenceSequence.NormalBound(100, 0.05, rho), 1e-5);
        Assert.Equal(-0.6941012, ConfidenceSequence.BetaBinomialLog(10, 100, 0.2, 0.8, 100), 1e-5);
    }

    [Fact]
    public void A_rate_leaves_its_interval_less_often_than_the_risk_however_often_it_is_looked_at()
    {
        var random = new Random(4);
        const int Runs = 300;
        var left = Enumerable.Range(0, Runs).Count(_ =>
        {
            var events = 0;
            for (var n = 1; n <= 1000; n++)
            {
                if (random.NextDouble() < 0.1) events++;
                if (n % 20 == 0 && ConfidenceSequence.Rate(events, n, 0.05) is var interval && (0.1 < interval.Low || 0.1 > interval.High)) return true;
            }
            return false;
        });
        Assert.True(left <= 0.05 * Runs, $"the truth left {left} of {Runs} intervals of 5 %.");
    }

    [Fact]
    public void Without_data_everything_is_possible()
    {
        Assert.Equal((0, 1), (ConfidenceSequence.Rate(0, 0, 0.05).Low, ConfidenceSequence.Rate(0, 0, 0.05).High));
        Assert.Equal((-1, 1), (ConfidenceSequence.Mean(0, 0, 0.05).Low, ConfidenceSequence.Mean(0, 0, 0.05).High));
        Assert.Equal(0, ConfidenceSequence.Rate(0, 10, 0.05).Low);
        Assert.Equal(1, ConfidenceSequence.Rate(10, 10, 0.05).High);
    }

    [Fact]
    public void A_mean_is_told_from_nothing_by_enough_of_it()
    {
        Assert.True(ConfidenceSequence.Mean(-50, 1000, 0.05) is { Low: < 0, High: > 0 });
        Assert.True(ConfidenceSequence.Mean(-300, 1000, 0.05) is { Low: < 0, High: < 0 });
    }

    private sealed class Near(double tolerance) : IEqualityComparer<(double, double)>
    {
        public bool Equals((double, double) x, (double, double) y) => Math.Abs(x.Item1 - y.Item1) <= tolerance && Math.Abs(x.Item2 - y.Item2) <= tolerance;

        public int GetHashCode((double, double) pair) => 0;
    }
}
