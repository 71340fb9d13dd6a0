using CvOps.Statistics;

namespace CvOps.Shared.Tests.Statistics;

public sealed class SpecialTests
{
    // Closed forms: Q(1, x) = e^-x, Q(2, x) = (1 + x) e^-x, Gamma(n) = (n-1)!, Gamma(1/2) = sqrt(pi).
    [Theory]
    [InlineData(0.001)]
    [InlineData(0.5)]
    [InlineData(2)]
    [InlineData(2.999)]
    [InlineData(30)]
    public void Incomplete_gamma_agrees_with_its_closed_forms(double x)
    {
        Near(Math.Exp(-x), Special.GammaQ(1, x));
        Near((1 + x) * Math.Exp(-x), Special.GammaQ(2, x));
    }

    [Fact]
    public void Gamma_and_normal_functions_have_their_known_values()
    {
        Near(Math.Log(3628800), Special.LogGamma(11));
        Near(Math.Log(Math.PI) / 2, Special.LogGamma(0.5));
        Near(1.959963984540054, Special.NormalQuantile(0.975));
        Near(-2.326347874040841, Special.NormalQuantile(0.01));
        Near(0.15865525393145707, Special.NormalUpper(1));
        Near(0.049995790296440868, Special.ChiSquareUpper(3.8416, 1), 1e-4);
        Assert.Equal(1, Special.ChiSquareUpper(5, 0));
    }

    [Fact]
    public void Kolmogorovs_distribution_has_its_tabled_value() => Near(0.05, KolmogorovSmirnovTest.Limit(1.3580986), 1e-6);

    private static void Near(double expected, double actual, double tolerance = 1e-12) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance * Math.Max(Math.Abs(expected), 1e-3), $"expected {expected:R}, found {actual:R}");
}
