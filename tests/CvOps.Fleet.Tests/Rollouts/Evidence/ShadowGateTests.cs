using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Tests.Rollouts.Evidence;

public sealed class ShadowGateTests
{
    private static readonly RolloutPlan Plan = Plans.Of(new RolloutRing("canary", Count: 1)) with { Shadow = new ShadowStage(500, 0, 600) };
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    [Fact]
    public void Models_that_seldom_disagree_pass_without_a_label_and_not_before_there_are_frames_enough()
    {
        Assert.Equal(RingVerdictKind.Wait, Judge(Pairs(499, 5)).Kind);
        Assert.Equal((RingVerdictKind.Advance, "shadow passed: of 500 frames the models disagreed on 5, 0 judged; no part was exposed"), (Judge(Pairs(500, 5)).Kind, Judge(Pairs(500, 5)).Reason));
        Assert.Equal(RingVerdictKind.Wait, Judge(Pairs(500, 95)).Kind);
        Assert.Equal(RingVerdictKind.Inconclusive, ShadowGate.Judge(Plan, Evidence(Pairs(500, 95)), TimeSpan.FromMinutes(10)).Kind);
    }

    [Fact]
    public void Models_that_disagree_on_more_than_they_may_wait_for_a_persons_judgement_or_a_resume()
    {
        var paused = Judge(Pairs(500, 200));
        Assert.Equal((RingVerdictKind.Shift, "inconclusive: the models disagree on 200 of 500 frames, more than the 20 % that the plan allows unseen; judge some of them, or resume; risk that it is chance at most 1 %"),
            (paused.Kind, paused.Reason));
        Assert.Equal(RingVerdictKind.Advance, ShadowGate.Judge(Plan, Evidence(Pairs(500, 200)), Soon, accepted: true).Kind);
        Assert.Equal(RingVerdictKind.Advance, Judge(Pairs(500, 200) + new ArmCounts([(ArmCounter.ChallengerRight, 40)])).Kind);
    }

    [Fact]
    public void Judged_frames_and_far_more_rejects_of_the_same_parts_stop_before_any_device_changes()
    {
        var wrong = Judge(Pairs(300, 40) + new ArmCounts([(ArmCounter.ChampionRight, 16)]));
        Assert.Equal((RingVerdictKind.Stop, "stopped in shadow: the new model was wrong on 16 of 16 judged frames where the two disagreed; risk of a false stop at most 1 %; no part was exposed"), (wrong.Kind, wrong.Reason));
        var rejects = ShadowGate.Judge(Plan, Evidence(Pairs(300, 60) + new ArmCounts([(ArmCounter.OnlyChallengerRejects, 60), (ArmCounter.BothReject, 4)])), Soon, accepted: true);
        Assert.Equal((RingVerdictKind.Stop, "stopped in shadow: rejects 16.0 times as many parts; risk of a false stop at most 1 %; no part was exposed"), (rejects.Kind, rejects.Reason));
    }

    [Fact]
    public void Surer_by_a_tenth_is_told_by_an_interval_and_moves_no_verdict()
    {
        var surer = Pairs(2000, 10) + new ArmCounts([(ArmCounter.PairedChallengerConfidence, 1800 * ArmCounts.ConfidenceUnit), (ArmCounter.PairedChampionConfidence, 1500 * ArmCounts.ConfidenceUnit)]);
        Assert.True(Evidence(surer) is { ConfidenceShiftLow: > 0, ConfidenceShiftHigh: < 0.3 });
        Assert.True(Evidence(Pairs(2000, 10)) is { ConfidenceShiftLow: < 0, ConfidenceShiftHigh: > 0 });
        Assert.Equal(Judge(Pairs(2000, 10)), Judge(surer));
    }

    [Fact]
    public void Numbers_that_are_none_and_no_frame_at_all_let_nothing_through()
    {
        Assert.Equal(RingVerdictKind.Wait, Judge(default).Kind);
        Assert.Equal(RingVerdictKind.Inconclusive, ShadowGate.Judge(Plan, Evidence(default), TimeSpan.FromHours(1)).Kind);
        Assert.Equal(RingVerdictKind.Inconclusive, ShadowGate.Judge(Plan, Evidence(Pairs(500, 5)) with { PromoteEvidence = double.NaN }, Soon).Kind);
    }

    private static RingVerdict Judge(ArmCounts counts) => ShadowGate.Judge(Plan, Evidence(counts), Soon);

    private static ArmCounts Pairs(long pairs, long discordant) => new([(ArmCounter.Pairs, pairs), (ArmCounter.Discordant, discordant)]);

    private static RolloutEvidence Evidence(ArmCounts counts) =>
        RolloutEvidenceOf.Sums(Plan, new RolloutSums(new Dictionary<(int, string), ArmCounts[]> { [(0, "")] = [default, counts, default] }), []);
}
