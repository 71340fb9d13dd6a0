using CvOps.Agent.Sampling;

namespace CvOps.Agent.Tests.Sampling;

/// <summary>What the probabilities are for: estimates of all frames from those that were kept.</summary>
public sealed class InclusionTests
{
    private const int Frames = 60;
    private const int Places = 8;
    private const int Runs = 20_000;

    [Fact]
    public void The_total_of_all_frames_is_estimated_without_bias_however_the_weights_are_spread()
    {
        var random = new Random(11);
        var population = Enumerable.Range(0, Frames).Select(i => (Weight: Math.Pow(random.NextDouble(), 4) + 1e-4, Right: random.NextDouble() < 0.8)).ToArray();
        AssertUnbiased(population.Count(frame => frame.Right), run =>
        {
            var contest = new PriorityContest(Places);
            contest.Begin(Places, run);
            Dictionary<int, int> leaders = [];
            for (var i = 0; i < Frames; i++)
                if (contest.Leads(null, population[i].Weight, random, out var place)) Put(contest, place, leaders, i);
            return leaders.Values.Where(i => population[i].Right).Sum(i => 1 / contest.Inclusion(null, population[i].Weight, leads: true));
        });
    }

    [Fact]
    public void Three_draws_together_are_without_bias_too()
    {
        const double audit = 0.1;
        var random = new Random(12);
        var population = Enumerable.Range(0, Frames)
            .Select(i => (Weight: i % 3 == 0 ? 0 : Math.Pow(random.NextDouble(), 4), Right: random.NextDouble() < 0.8, Discordant: i % 4 == 0, Part: i % 5 == 0 ? $"part-{i % 20}" : null)).ToArray();
        AssertUnbiased(population.Count(frame => frame.Right), run =>
        {
            var (best, lot) = (new PriorityContest(Places), new LotContest(4));
            best.Begin(Places, random.NextInt64());
            lot.Begin(4);
            Dictionary<int, int> leaders = [], drawn = [];
            HashSet<int> kept = [];
            for (var i = 0; i < Frames; i++)
            {
                var frame = population[i];
                if (random.NextDouble() < audit) kept.Add(i);
                if (frame.Discordant && lot.Leads(random, out var at)) drawn[at] = i;
                if (best.Leads(frame.Part, frame.Weight, random, out var place)) Put(best, place, leaders, i);
            }

            var led = leaders.Values.ToHashSet();
            kept.UnionWith(drawn.Values);
            kept.UnionWith(led);
            return kept.Where(i => population[i].Right).Sum(i => 1 / InclusionRule.OfAny(audit, population[i].Discordant ? lot.Inclusion : 0,
                population[i].Weight > 0 ? best.Inclusion(population[i].Part, population[i].Weight, led.Contains(i)) : 0));
        });
    }

    [Fact]
    public void The_better_frame_is_likelier_and_the_better_view_of_a_part_is_the_one_that_goes()
    {
        var random = new Random(13);
        var kept = new int[3];
        for (var run = 0; run < 2000; run++)
        {
            var contest = new PriorityContest(1);
            contest.Begin(1, run);
            Dictionary<int, int> leaders = [];
            var frames = new (double Weight, string? Part)[] { (0.2, "p"), (0.8, "p"), (0.2, null) };
            for (var i = 0; i < frames.Length; i++)
                if (contest.Leads(frames[i].Part, frames[i].Weight, random, out var place)) Put(contest, place, leaders, i);
            kept[leaders[0]]++;
        }

        Assert.Equal(0, kept[0]);
        Assert.InRange(kept[1], 4 * kept[2], 12 * kept[2]);
    }

    [Fact]
    public void With_place_for_all_every_probability_is_1_and_with_none_0()
    {
        var contest = new PriorityContest(3);
        contest.Begin(3, 1);
        Assert.True(contest.Leads(null, 0.1, new Random(1), out var place));
        contest.Put(place, null!);
        Assert.Equal(1, contest.Inclusion(null, 0.1, leads: true));
        contest.Begin(0, 1);
        Assert.False(contest.Leads(null, 1, new Random(1), out _));
        Assert.Equal(0, contest.Inclusion(null, 1, leads: false));
        Assert.Equal((0, 1, 0.25), (InclusionRule.OfLot(0, 0), InclusionRule.OfLot(5, 3), InclusionRule.OfLot(5, 20)));
    }

    [Fact]
    public void The_lot_gives_every_frame_the_same_chance()
    {
        var random = new Random(4);
        var kept = new int[10];
        for (var run = 0; run < 4000; run++)
        {
            var lot = new LotContest(1);
            lot.Begin(1);
            var last = -1;
            for (var i = 0; i < kept.Length; i++)
                if (lot.Leads(random, out _)) last = i;
            kept[last]++;
        }

        // 400 each; four standard deviations are 76.
        Assert.All(kept, count => Assert.InRange(count, 324, 476));
    }

    private static void Put(PriorityContest contest, in PriorityPlace place, Dictionary<int, int> leaders, int frame)
    {
        contest.Put(place, null!);
        leaders[place.Number] = frame;
    }

    /// <summary>The mean over many runs must lie within four of its standard errors of the truth.</summary>
    private static void AssertUnbiased(double truth, Func<int, double> estimate)
    {
        var (sum, squares) = (0.0, 0.0);
        for (var run = 0; run < Runs; run++)
        {
            var value = estimate(run);
            (sum, squares) = (sum + value, squares + value * value);
        }

        var mean = sum / Runs;
        var error = Math.Sqrt(Math.Max(0, squares / Runs - mean * mean) / Runs);
        Assert.True(Math.Abs(mean - truth) <= 4 * error, $"{mean} is {Math.Abs(mean - truth) / error:0.0} standard errors from {truth}");
    }
}
