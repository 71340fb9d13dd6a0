using CvOps.Statistics;

namespace CvOps.Shared.Tests.Statistics;

public sealed class PairedEvidenceTests
{
    private const double Margin = 0.02;
    private const double At = 100;

    [Fact]
    public void No_data_shows_nothing()
    {
        var none = new PairedEvidence(Margin);
        Assert.Equal(1, none.StopEvidence, 1e-9);
        Assert.Equal(1, none.PromoteEvidence, 1e-9);
    }

    [Fact]
    public void Frames_without_labels_never_stop_and_do_not_promote_while_the_models_disagree()
    {
        var evidence = new PairedEvidence(Margin).Observe(1_000_000, 30_000);
        Assert.Equal(1, evidence.StopEvidence, 1e-9);
        Assert.True(evidence.PromoteEvidence < 2);
    }

    [Theory]
    [InlineData(0.02, 1.0)]
    [InlineData(0.04, 0.5)]
    [InlineData(0.10, 0.2)]
    [InlineData(0.40, 0.05)]
    public void A_challenger_worse_by_the_margin_is_promoted_less_often_than_the_risk(double disagreement, double loss)
    {
        var world = new World(disagreement, Challenger: (1 - loss) / 2, Champion: (1 + loss) / 2, JudgeEvery: 2);
        var random = new Random(3);
        const int Runs = 150;
        const double Risk = 0.05;
        var promoted = Enumerable.Range(0, Runs).Count(_ => world.Run(random, 2000, e => e.PromoteEvidence >= 1 / Risk) is not null);
        TestContext.Current.TestOutputHelper?.WriteLine($"{world}: {promoted} of {Runs}");

        // The bound is 5 %: 7.5 of 150 expected at worst, above 14 with probability below 0.01.
        Assert.True(promoted <= 14, $"{promoted} of {Runs} were promoted.");
    }

    [Fact]
    public void A_challenger_that_is_no_worse_is_stopped_less_often_than_the_risk()
    {
        var world = new World(0.2, Challenger: 0.5, Champion: 0.5, JudgeEvery: 1);
        var random = new Random(5);
        const int Runs = 1000;
        var stopped = Enumerable.Range(0, Runs).Count(_ => world.Run(random, 3000, e => e.StopEvidence >= At) is not null);
        Assert.True(stopped <= 0.015 * Runs, $"{stopped} of {Runs} were stopped.");
    }

    [Fact]
    public void An_equal_challenger_that_seldom_disagrees_is_promoted_by_some_dozen_judgements()
    {
        var median = Median(new World(0.03, Challenger: 0.5, Champion: 0.5, JudgeEvery: 1), 40_000, e => e.PromoteEvidence >= At, e => e.Judged);
        Assert.InRange(median, 10, 80);
    }

    [Fact]
    public void A_clearly_better_challenger_is_promoted_quickly()
    {
        var median = Median(new World(0.3, Challenger: 0.85, Champion: 0.1, JudgeEvery: 1), 5000, e => e.PromoteEvidence >= At, e => e.Judged);
        Assert.InRange(median, 4, 25);
    }

    [Fact]
    public void Models_that_never_disagree_are_promoted_without_a_label()
    {
        var median = Median(new World(0, 0.5, 0.5, 1), 5000, e => e.PromoteEvidence >= At, e => e.Pairs);
        Assert.InRange(median, 200, 600);
    }

    [Theory]
    [InlineData(0.95, 0.05, 15)]
    [InlineData(0.85, 0.10, 30)]
    public void A_much_worse_challenger_is_stopped_within_a_handful_of_judgements(double champion, double challenger, int most)
    {
        var median = Median(new World(0.3, challenger, champion, JudgeEvery: 1), 5000, e => e.StopEvidence >= At, e => e.ChallengerRight + e.ChampionRight);
        Assert.InRange(median, 5, most);
    }

    [Fact]
    public void State_is_the_counts_and_survives_json()
    {
        var evidence = new PairedEvidence(Margin).Observe(100, 7).Judge(JudgedPair.ChallengerRight).Judge(JudgedPair.NeitherRight);
        var back = System.Text.Json.JsonSerializer.Deserialize<PairedEvidence>(System.Text.Json.JsonSerializer.Serialize(evidence));
        Assert.Equal(evidence, back);
        Assert.Equal((evidence.LogPromote, evidence.LogStop), (back!.LogPromote, back.LogStop));
    }

    private static long Median(World world, int frames, Func<PairedEvidence, bool> done, Func<PairedEvidence, long> count)
    {
        var random = new Random(9);
        var counts = Enumerable.Range(0, 31).Select(_ => world.Run(random, frames, done) is { } end ? count(end) : long.MaxValue).Order().ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine($"{world}: median {counts[15]}, 90 % {counts[28]}");
        return counts[15];
    }

    /// <param name="Disagreement">Share of frames the models disagree on.</param>
    /// <param name="Challenger">Of those, share where the challenger is right.</param>
    private sealed record World(double Disagreement, double Challenger, double Champion, int JudgeEvery)
    {
        private const int LookEvery = 5;
        private const int QuietLookEvery = 40;

        /// <summary>Looks every few frames, so after every few judgements at most.</summary>
        public PairedEvidence? Run(Random random, int frames, Func<PairedEvidence, bool> done)
        {
            var (evidence, waiting) = (new PairedEvidence(Margin), 0);
            var looked = 0L;
            for (var n = 1; n <= frames; n++)
            {
                var differ = random.NextDouble() < Disagreement;
                evidence = evidence.Observe(1, differ ? 1 : 0);
                if (differ && ++waiting % JudgeEvery == 0) evidence = evidence.Judge(Draw(random.NextDouble()));

                // Frames alone move the evidence slowly; a judgement is looked at soon after.
                if (n % QuietLookEvery != 0 && (n % LookEvery != 0 || evidence.Judged == looked)) continue;
                looked = evidence.Judged;
                if (done(evidence)) return evidence;
            }

            return null;
        }

        private JudgedPair Draw(double u) =>
            u < Challenger ? JudgedPair.ChallengerRight : u < Challenger + Champion ? JudgedPair.ChampionRight : JudgedPair.NeitherRight;
    }
}
