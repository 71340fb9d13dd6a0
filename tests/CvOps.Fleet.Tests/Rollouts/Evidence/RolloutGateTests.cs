using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Tests.Rollouts.Evidence;

public sealed class RolloutGateTests
{
    private static readonly RolloutPlan Plan = Plans.Of(new RolloutRing("canary", Count: 1)) with { Soak = new Soak(10, 100, 600) };
    private static readonly RolloutEvidence Good = RolloutEvidence.None with { Parts = 500, Pairs = 500, Discordant = 40, Judged = 40, ChallengerRight = 38, PromoteEvidence = 5000, Controls = 500 };
    private static readonly GuardEvidence Rejects = new(RolloutMetric.Rejects, GuardTest.More, GuardAction.Stop, 1000, 1000, "line 4", GuardComparison.Pairs, 0.31, 0.1);
    private static readonly GuardEvidence Unsure = new(RolloutMetric.Confidence, GuardTest.Higher, GuardAction.Pause, 700, 600, null, GuardComparison.Pairs, 0.32, 0.2);
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
            ("pairs", Good with { Pairs = 0 }, Soaked), ("controls", Good with { Controls = 99 }, Soaked), ("promotion evidence", Good with { PromoteEvidence = 99.9 }, Soaked),
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
        Assert.Equal(RingVerdictKind.Inconclusive, RolloutGate.Judge(Plan, Good with { Guards = [Rejects with { Evidence = double.NaN }] }, Soaked).Kind);
        Assert.Equal(RingVerdictKind.Inconclusive, RolloutGate.Judge(Plan, Good with { AgreementEvidence = double.NaN }, Soaked).Kind);
        Assert.Equal(RingVerdictKind.Inconclusive, RolloutGate.Judge(Plan, Good with { DisagreementEvidence = double.NaN }, Soaked).Kind);
    }

    [Fact]
    public void Failure_is_asked_before_success()
    {
        Assert.Equal(RingVerdictKind.Stop, RolloutGate.Judge(Plan, Good with { StopEvidence = 201 }, Soaked).Kind);
        Assert.Equal(RingVerdictKind.Stop, RolloutGate.Judge(Plan, Good with { ErrorEvidence = 1001 }, Soaked).Kind);
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

    [Fact]
    public void The_first_installation_and_a_configuration_are_watched_by_what_they_have()
    {
        var first = Plan with { FirstInstallation = true };
        Assert.Equal((100, 100), (RiskShares.StopAt(first), RiskShares.GuardAt(first)));
        var settings = Plan with { Model = null, Configuration = new string('c', 64) };
        Assert.Equal(RingVerdictKind.Advance, RolloutGate.Judge(settings, Good with { Pairs = 0, PromoteEvidence = 1 }, Soaked).Kind);
        Assert.Equal(RingVerdictKind.Stop, RolloutGate.Judge(settings, Good with { Guards = [Rejects] }, Soaked).Kind);
    }

    [Fact]
    public void The_risk_is_shared_by_all_that_may_stop_and_a_metric_that_may_not_takes_none()
    {
        // Half for the judged frames; errors over their limit, errors, latency, rejects and crashes share the other.
        Assert.Equal((200, 1000), (RiskShares.StopAt(Plan), RiskShares.GuardAt(Plan)));
        Assert.Equal(600, RiskShares.PauseAt(Plan));
        var fewer = Plan with { Guardrails = new Guardrails { Crashes = new MetricGuard(Then: GuardAction.Ignore), Latency = new MetricGuard(Then: GuardAction.Pause) } };
        Assert.Equal((600, 700), (RiskShares.GuardAt(fewer), RiskShares.PauseAt(fewer)));
    }

    [Fact]
    public void A_metric_that_is_far_worse_stops_and_says_where_by_how_much_and_at_what_risk() => Assert.Equal(
        "stopped: rejects 3.1 times as many parts on line 4; risk of a false stop at most 1 %; 212 parts were exposed",
        RolloutGate.Judge(Plan, Good with { Parts = 212, Guards = [Unsure, Rejects] }, Soaked).Reason);

    [Theory]
    [InlineData(RolloutMetric.Errors, "fails on 3.1 times as many frames on line 4")]
    [InlineData(RolloutMetric.Latency, "is slow on 3.1 times as many frames on line 4")]
    [InlineData(RolloutMetric.Confidence, "is unsure of 3.1 times as many parts on line 4")]
    [InlineData(RolloutMetric.Drift, "raises 3.1 times as many drift alarms on line 4")]
    [InlineData(RolloutMetric.Crashes, "restarts 3.1 times as often on line 4")]
    public void Each_metric_is_said_in_its_own_words(RolloutMetric metric, string said) => Assert.Equal(said, GuardWords.Of(Rejects with { Metric = metric }));

    [Theory]
    [InlineData(RolloutMetric.Errors, "fails on 31 % of the frames on line 4, the previous one on none")]
    [InlineData(RolloutMetric.Latency, "is slow on 31 % of the frames on line 4, the previous one on none")]
    [InlineData(RolloutMetric.Rejects, "rejects 31 % of the parts on line 4, the previous one none")]
    [InlineData(RolloutMetric.Confidence, "is unsure of 31 % of the parts on line 4, the previous one of none")]
    [InlineData(RolloutMetric.Drift, "raises an alarm in 31 % of the drift windows on line 4, the previous one in none")]
    [InlineData(RolloutMetric.Crashes, "restarts in 31 % of the health reports on line 4, the previous one in none")]
    public void There_is_no_ratio_to_nothing(RolloutMetric metric, string said) => Assert.Equal(said, GuardWords.Of(Rejects with { Metric = metric, ChampionRate = 0 }));

    [Fact]
    public void A_shift_pauses_for_a_persons_word_until_judged_frames_or_a_resume_have_answered()
    {
        var shifted = Good with { PromoteEvidence = 5, Guards = [Unsure] };
        var paused = RolloutGate.Judge(Plan, shifted, Soaked);
        Assert.Equal((RingVerdictKind.Shift, "inconclusive: the new model is unsure of 1.6 times as many parts; a person has to say whether that is right, by judging frames on which the models "
            + "disagree or by resuming; risk that it is chance at most 1 %"), (paused.Kind, paused.Reason));
        Assert.Equal(RingVerdictKind.Wait, RolloutGate.Judge(Plan, shifted, Soaked with { ShiftAccepted = true }).Kind);
        Assert.Equal(RingVerdictKind.Advance, RolloutGate.Judge(Plan, shifted with { PromoteEvidence = 5000 }, Soaked).Kind);
        Assert.Equal(RingVerdictKind.Stop, RolloutGate.Judge(Plan, shifted with { Guards = [Unsure, Rejects] }, Soaked with { ShiftAccepted = true }).Kind);
        Assert.Contains("rejects only 0.5 times as many parts", RolloutGate.Judge(Plan, shifted with { Guards = [Rejects with { Test = GuardTest.Lower, Then = GuardAction.Pause, ChallengerRate = 0.05 }] }, Soaked).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_could_not_be_compared_is_said_when_a_ring_passes() => Assert.EndsWith("not compared: latency, crashes",
        RolloutGate.Judge(Plan, Good with { Guards = [Blind(RolloutMetric.Latency), Blind(RolloutMetric.Crashes), Unsure with { Evidence = 2 }] }, Soaked).Reason, StringComparison.Ordinal);

    [Fact]
    public void Waiting_in_vain_pauses_at_half_time_and_says_what_would_help()
    {
        var (alike, half) = (Good with { Pairs = 2000, Discordant = 400, Judged = 4, ChallengerRight = 2, ChampionRight = 2, PromoteEvidence = 1.2 }, Soaked with { Age = TimeSpan.FromSeconds(300) });
        Assert.Equal(RingVerdictKind.Wait, RolloutGate.Judge(Plan, alike, half with { Age = TimeSpan.FromSeconds(299) }).Kind);
        var futile = RolloutGate.Judge(Plan, alike, half);
        Assert.Equal(RingVerdictKind.Inconclusive, futile.Kind);
        Assert.Matches("inconclusive: after 5 min of 10 min the comparison stands at evidence 1.2 of 100 and will not get there: judge about [0-9]+ more frames on which the models disagree, or wait longer", futile.Reason);
        Assert.Contains("12 of 20 judged frames speak for the previous model, too many for a loss below 2 %",
            RolloutGate.Judge(Plan, alike with { Judged = 20, ChallengerRight = 8, ChampionRight = 12 }, half).Reason, StringComparison.Ordinal);
        // Models that disagree on nothing get there by waiting.
        Assert.Equal(RingVerdictKind.Wait, RolloutGate.Judge(Plan, Good with { Pairs = 250, Discordant = 0, Judged = 0, ChallengerRight = 0, PromoteEvidence = 30 }, half).Kind);
    }

    private static GuardEvidence Blind(RolloutMetric metric) => new(metric, GuardTest.More, GuardAction.Stop, 1, 1000, null, GuardComparison.None, 0, 0);
}
