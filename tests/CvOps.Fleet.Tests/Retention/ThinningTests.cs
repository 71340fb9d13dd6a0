using CvOps.Fleet.Retention;

namespace CvOps.Fleet.Tests.Retention;

public sealed class ThinningTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_is_left_still_stands_for_all_which_the_most_valuable_alone_do_not()
    {
        const int runs = 400, keep = 300;
        var random = new Random(7);
        var population = Enumerable.Range(0, 3000).Select(_ => Math.Pow(random.NextDouble(), 3)).Select(worth => (Worth: worth, Right: random.NextDouble() > 0.02 + 0.6 * worth)).ToArray();
        var truth = population.Average(frame => frame.Right ? 1.0 : 0);
        var (sum, squares) = (0.0, 0.0);
        for (var run = 0; run < runs; run++)
        {
            var frames = population.Select((frame, i) => (frame.Worth, frame.Right, Priority: Thinning.Priority($"run {run} frame {i}", frame.Worth))).ToArray();
            var threshold = Thinning.Threshold([.. frames.Select(frame => frame.Priority)], keep)!.Value;
            var left = frames.Where(frame => frame.Priority > threshold).ToArray();
            Assert.Equal(keep, left.Length);
            var share = left.Sum(frame => frame.Right ? 1 / Survival(frame.Worth, threshold) : 0) / population.Length;
            (sum, squares) = (sum + share, squares + share * share);
        }
        var mean = sum / runs;
        var error = Math.Sqrt((squares / runs - mean * mean) / runs);
        Assert.True(Math.Abs(mean - truth) < 4 * error, $"mean {mean}, truth {truth}, standard error {error}");
        Assert.True(error < 0.01, $"a standard error of {error} proves nothing");
        Assert.True(truth - population.OrderByDescending(frame => frame.Worth).Take(keep).Average(frame => frame.Right ? 1.0 : 0) > 0.1);
    }

    [Fact]
    public void To_thin_twice_is_to_thin_once_as_hard()
    {
        var frames = Enumerable.Range(0, 2000).Select(i => Thinning.Priority($"f{i}", i % 100 / 100.0)).ToArray();
        var once = frames.Where(priority => priority > Thinning.Threshold([.. frames], 200)).ToArray();
        var first = frames.Where(priority => priority > Thinning.Threshold([.. frames], 900)).ToArray();
        Assert.Equal(once, first.Where(priority => priority > Thinning.Threshold([.. first], 200)));
    }

    [Fact]
    public void Nothing_goes_while_there_is_room() => Assert.Null(Thinning.Threshold([3, 1, 2], 3));

    [Fact]
    public void A_frame_counts_the_passes_between_its_arrival_and_its_label()
    {
        ThinningPass[] passes = [new(Noon, 0.5), new(Noon.AddHours(1), 2), new(Noon.AddHours(2), 1)];
        double Of(double arrived, double? labelled) => Thinning.Survival(0.4, Noon.AddHours(arrived), labelled is { } at ? Noon.AddHours(at) : null, passes);
        Assert.Equal(0.2, Of(-1, null), 1e-12);
        Assert.Equal(0.8, Of(-1, 0.5), 1e-12);
        Assert.Equal(0.4, Of(1.5, null), 1e-12);
        Assert.Equal(1, Of(3, null));
        Assert.Equal(1, Of(-2, -1));
    }

    private static double Survival(double worth, double threshold) => Thinning.Survival(worth, Noon, null, [new ThinningPass(Noon.AddHours(1), threshold)]);
}
