using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Tests.Rollouts.Evidence;

public sealed class RolloutGateTests
{
    private static readonly RolloutPlan Plan = Plans.Of(new RolloutRing("canary", Count: 1)) with { Soak = new Soak(10, 100, 600) };
    private static readonly RolloutEvidence Good = RolloutEvidence.None with { Parts = 500, Pairs = 500, Discordant = 40, Judged = 40, ChallengerRight = 38, PromoteEvidence = 5000 };
    private static readonly RingFacts Soaked = new("canary", 2, 2, 0, 300, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(30));

    [Fact]
    public void A_ring_with_all_it_needs_advances() => Assert.Equal(RingVerdictKind.Advance, RolloutGate.Judge(Plan, Good, Soaked).Kind);

    [Fact]
    public void No_data_waits_and_after_the_timeout_is_inconclusive_and_never_advances()
    {
        var nothing = Soaked with { Parts = 0 };
        Assert.Equal(RingVerdictKind.Wait, RolloutGate.Judge(Plan, RolloutEvidence.None, nothing).Kind);
        Assert.Equal(RingVerdictKind.Inconclusive, RolloutGate.Judge(Plan, RolloutEvidence.None, nothing with { Age = TimeSpan.FromSeconds(601) }).Kind);
        Assert.Equal(RingVerdictKind.Inconclusive, RolloutGate.Judge(Plan with { FirstInstallation = true }, RolloutEvidence.None, nothing with { Age = TimeSpan.FromSeconds(601) }).Kind);
    }

    [Fact]
    public void Each_missing_piece_alone_holds_the_ring_back()
    {
        (string What, RolloutEvidence Evidence, RingFacts Ring)[] cases =
        [
            ("pairs", Good with { Pairs = 0 }, Soaked), ("promotion evidence", Good with { PromoteEvidence = 99.9 }, Soaked),
            ("parts", Good, Soaked with { Parts = 99 }), ("soak time", Good, Soaked with { Soaked = TimeSpan.FromSeconds(9) }),
            ("a device", Good, Soaked with { Soaked = null, Running = 1 }), ("devices at all", Good, Soaked with { Devices = 0, Running = 0 }),
        ];
        foreach (var (what, evidence, ring) in cases)
        {
            Assert.True(RingVerdictKind.Wait == RolloutGate.Judge(Plan, evidence, ring).Kind, $"advanced without {what}");
            Assert.True(RingVerdictKind.Inconclusive == RolloutGate.Judge(Plan, evidence, ring with { Age = TimeSpan.FromHours(1) }).Kind, $"no end of waiting for {what}");
        }
    }

    [Fact]
    public void Numbers_that_are_none_are_inconclusive()
    {
        Assert.Equal(RingVerdictKind.Inconclusive, RolloutGate.Judge(Plan, Good with { PromoteEvidence = double.NaN }, Soaked).Kind);
        Assert.Equal(RingVerdictKind.Inconclusive, RolloutGate.Judge(Plan, Good with { StopEvidence = double.NaN }, Soaked).Kind);
        Assert.Equal(RingVerdictKind.Inconclusive, RolloutGate.Judge(Plan, Good with { ErrorEvidence = double.NaN }, Soaked).Kind);
    }

    [Fact]
    public void Failure_is_asked_before_success()
    {
        Assert.Equal(RingVerdictKind.Stop, RolloutGate.Judge(Plan, Good with { StopEvidence = 201 }, Soaked).Kind);
        Assert.Equal(RingVerdictKind.Stop, RolloutGate.Judge(Plan, Good with { ErrorEvidence = 201 }, Soaked).Kind);
        Assert.Equal(RingVerdictKind.Stop, RolloutGate.Judge(Plan, Good, Soaked with { Failed = 1 }).Kind);
        Assert.Equal(RingVerdictKind.Advance, RolloutGate.Judge(Plan, Good with { StopEvidence = 199 }, Soaked).Kind);
    }

    [Fact]
    public void Higher_confidence_changes_no_verdict()
    {
        var surer = Good with { PromoteEvidence = 1, ChallengerConfidence = 0.999, ChampionConfidence = 0.4 };
        Assert.Equal(RolloutGate.Judge(Plan, surer with { ChallengerConfidence = 0 }, Soaked), RolloutGate.Judge(Plan, surer, Soaked));
    }

    [Fact]
    public void A_stop_says_what_was_wrong_on_how_much_and_what_it_cost()
    {
        var evidence = RolloutEvidence.None with { Parts = 212, Pairs = 212, Discordant = 30, Judged = 11, ChampionRight = 11, StopEvidence = 640 };
        Assert.Equal("stopped: the new model was wrong on 11 of 11 judged frames where the two disagreed; risk of a false stop at most 1 %; 212 parts were exposed",
            RolloutGate.Judge(Plan, evidence, Soaked).Reason);
    }
}
