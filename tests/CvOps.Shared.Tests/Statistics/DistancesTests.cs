using CvOps.Statistics;

namespace CvOps.Shared.Tests.Statistics;

public sealed class DistancesTests
{
    private static readonly long[] P = [16, 18, 16, 14, 12, 12];
    private static readonly long[] Q = [16, 16, 16, 16, 16, 8];

    [Fact]
    public void Distances_of_two_known_histograms_are_those_computed_elsewhere()
    {
        Assert.Equal(0.0372183816, Distances.Psi(P, Q), 1e-10);
        Assert.Equal(0.0817342133, Distances.JensenShannon(P, Q), 1e-10);
        Assert.Equal(0.0681818182, Distances.TotalVariation(P, Q), 1e-10);
        Assert.Equal(0.0909090909, Distances.Wasserstein1(P, Q), 1e-10);
        Assert.Equal(0.0454545455, Distances.KolmogorovSmirnov(P, Q), 1e-10);
    }

    [Fact]
    public void A_new_class_is_seen_by_every_distance()
    {
        Assert.Equal(22.857142857142858, Distances.ChiSquare([80, 20, 0], [60, 20, 20]).Statistic, 1e-12);
        Assert.Equal(1.5769568161528187, Distances.Psi([80, 20, 0], [60, 20, 20]), 1e-12);
    }

    [Fact]
    public void Nothing_counted_is_no_distance_and_no_alarm()
    {
        Assert.True(double.IsNaN(Distances.Psi(P, [0, 0, 0, 0, 0, 0])));
        Assert.True(double.IsNaN(Distances.JensenShannon([0, 0], [1, 2])));
        Assert.True(double.IsNaN(Distances.KolmogorovSmirnov([0, 0], [1, 2])));
        Assert.Equal(1, PsiTest.Run(P, [0, 0, 0, 0, 0, 0]).PValue);
    }

    [Fact]
    public void Histograms_of_different_length_are_not_compared() => Assert.Throws<ArgumentException>(() => Distances.Psi(P, [1, 2]));

    [Fact]
    public void Psi_is_never_negative_and_nothing_for_equal_counts() => Check.Property(
        Check.Pairs, pair =>
        {
            var (p, q) = pair;
            return Distances.Psi(p, q) >= 0 && Distances.Psi(p, p) == 0 && Distances.JensenShannon(p, p) == 0 && Distances.JensenShannon(p, q) <= 1;
        });

    [Fact]
    public void Distances_that_should_be_are_symmetric() => Check.Property(
        Check.Pairs, pair =>
        {
            var (p, q) = pair;
            return Near(Distances.Psi(p, q), Distances.Psi(q, p)) && Near(Distances.Wasserstein1(p, q), Distances.Wasserstein1(q, p))
                && Near(Distances.ChiSquare(p, q).Statistic, Distances.ChiSquare(q, p).Statistic);
        });

    [Theory]
    [InlineData(500, 50)]
    [InlineData(2000, 200)]
    public void The_psi_test_alarms_as_often_as_its_level_when_nothing_moved(int reference, int current)
    {
        var random = new Random(20);
        const int Runs = 4000;
        var alarms = Enumerable.Range(0, Runs).Count(_ => PsiTest.Run(Draw(random, reference), Draw(random, current)).PValue < 0.05);

        // Five bins with 10 % to 30 % each: the approximation is good, binomial noise is 0.0034.
        Assert.InRange(alarms / (double)Runs, 0.03, 0.075);
    }

    private static long[] Draw(Random random, int n)
    {
        double[] cumulated = [0.1, 0.3, 0.6, 0.8, 1];
        var counts = new long[5];
        for (var i = 0; i < n; i++)
        {
            var u = random.NextDouble();
            counts[Array.FindIndex(cumulated, c => u < c)]++;
        }

        return counts;
    }

    private static bool Near(double a, double b) => Math.Abs(a - b) <= 1e-12 * Math.Max(1, Math.Abs(a));
}
