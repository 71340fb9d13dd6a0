using CvOps.Statistics;

namespace CvOps.Shared.Tests.Statistics;

public sealed class MeanDiscrepancyTests
{
    [Fact]
    public void Its_p_value_keeps_its_level_and_finds_a_shift()
    {
        var chance = new Random(20_261_121);
        var (quiet, shifted) = (0, 0);
        for (var round = 0; round < 200; round++)
        {
            if (MeanDiscrepancy.Test(Draw(chance, 0), Draw(chance, 0), 99, chance).PValue <= 0.05) quiet++;
            if (MeanDiscrepancy.Test(Draw(chance, 0), Draw(chance, 1), 99, chance).PValue <= 0.05) shifted++;
        }

        // 10 of 200 on average; 22 and more have a probability of 3 in 10,000.
        Assert.InRange(quiet, 1, 21);
        Assert.InRange(shifted, 180, 200);
    }

    [Fact]
    public void The_same_chance_gives_the_same_p_value()
    {
        var (x, y) = (Draw(new Random(1), 0), Draw(new Random(2), 0.3));
        Assert.Equal(MeanDiscrepancy.Test(x, y, 200, new Random(5)), MeanDiscrepancy.Test(x, y, 200, new Random(5)));
    }

    [Fact]
    public void Constant_pictures_one_vector_and_bad_input_have_their_answers()
    {
        double[][] constant = [[1, 1], [1, 1], [1, 1]];
        var (same, p) = MeanDiscrepancy.Test(constant, constant, 50, new Random(1));
        Assert.Equal((0.0, 1.0, 1.0), (same.Biased, same.Sigma, p));
        Assert.True(double.IsNaN(MeanDiscrepancy.Between([[1.0]], [[2.0], [3.0]]).Unbiased));
        Assert.Throws<ArgumentException>(() => MeanDiscrepancy.Between([], constant));
        Assert.Throws<ArgumentException>(() => MeanDiscrepancy.Between([[double.NaN, 1]], constant));
        Assert.Throws<ArgumentException>(() => MeanDiscrepancy.Between([[1.0]], constant));
    }

    private static double[][] Draw(Random chance, double shift) =>
        [.. Enumerable.Range(0, 25).Select(_ => Enumerable.Range(0, 3).Select(_ => shift + Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble())).ToArray())];
}
