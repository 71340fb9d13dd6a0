using CvOps.Statistics;

namespace CvOps.Shared.Tests.Statistics;

public sealed class PairedRateEvidenceTests
{
    private const double LogAt = 4.605170185988092;

    [Fact]
    public void No_data_shows_nothing_and_agreement_shows_nothing()
    {
        Assert.Equal(0, new PairedRateEvidence(2).LogEvidence(0, 0, 0), 1e-12);
        Assert.Equal(0, new PairedRateEvidence(1).LogEvidence(1000, 0, 0), 1e-9);
        Assert.True(new PairedRateEvidence(2).LogEvidence(1000, 0, 0) < 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Parts_that_get_worse_and_cameras_that_differ_stop_no_model_that_is_alike(double ratio)
    {
        var (test, random, told) = (new PairedRateEvidence(ratio), new Random(2), 0);
        const int Runs = 500;
        for (var run = 0; run < Runs; run++)
        {
            var (both, young, old) = (0L, 0L, 0L);
            for (var n = 1; n <= 2000; n++)
            {
                // The share of bad parts swings between 1 % and 40 %; each model misses on its own.
                var bad = random.NextDouble() < (n / 300 % 2 == 0 ? 0.01 : 0.4);
                var (champion, challenger) = (bad && random.NextDouble() < 0.9 / ratio, bad && random.NextDouble() < 0.9);
                if (champion && challenger) both++;
                else if (challenger) young++;
                else if (champion) old++;
                if ((champion || challenger) && test.LogEvidence(both, young, old) >= LogAt) { told++; break; }
            }
        }
        Assert.True(told <= 12, $"{told} of {Runs} were told apart at a risk of 1 %.");
    }

    [Fact]
    public void What_the_challenger_alone_rejects_is_told_within_some_dozen_pairs()
    {
        var random = new Random(3);
        var (test, young, n) = (new PairedRateEvidence(1), 0L, 0);
        for (n = 1; test.LogEvidence(20, young, 0) < LogAt; n++) if (random.NextDouble() < 0.1) young++;
        Assert.InRange(n, 20, 200);
        Assert.InRange(young, 6, 12);
    }

    [Fact]
    public void A_ratio_below_one_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new PairedRateEvidence(0.5));
}
