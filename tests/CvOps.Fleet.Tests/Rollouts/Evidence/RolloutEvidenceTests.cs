using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Statistics;

namespace CvOps.Fleet.Tests.Rollouts.Evidence;

public sealed class RolloutEvidenceTests(ITestOutputHelper output)
{
    private static readonly DeviceId Device = new("n1");
    private static readonly RolloutPlan Plan = Plans.Of(new RolloutRing("canary", Count: 1)) with { Soak = new Soak(0, 100, 1e6) };
    private static readonly GuardRule Guards = new(Plan);

    [Fact]
    public void Only_reports_of_the_rollouts_models_are_counted()
    {
        var other = new ModelRef("line", "0", new string('c', 64));
        InspectionReport[] sent =
        [
            Plans.Report("n1", 1, Plans.New, "ok", Plans.Old, "ok"), Plans.Report("n1", 2, Plans.New, "ok", Plans.Old, "crack"),
            Plans.Report("n1", 3, Plans.Old, "ok", Plans.New, "crack"), Plans.Report("n1", 4, Plans.New, null, error: "NaN"),
            Plans.Report("n1", 5, Plans.New, "ok", other, "crack"), Plans.Report("n1", 6, other, "ok", Plans.New, "crack"),
        ];
        Inspection[] reports = [.. sent.Select(Inspection.Of)];
        var counts = default(ArmCounts);
        foreach (var report in reports)
            if (InspectionCounts.Of(report, Plans.New.Digest, Plans.Old.Digest, new CountLimits(null, CountLimits.Half)) is { } one)
                counts += one.Challenger ? one.InCharge + one.Pair : one.Pair;
        Assert.Equal((4, 1, 3, 2), (counts[ArmCounter.Parts], counts[ArmCounter.Errors], counts[ArmCounter.Pairs], counts[ArmCounter.Discordant]));
        Assert.Null(InspectionCounts.Of(reports[5], Plans.New.Digest, Plans.Old.Digest, default));
    }

    [Fact]
    public void A_labelled_frame_is_judged_in_either_order_and_only_when_sampled_representatively()
    {
        var frame = new FrameView
        {
            Id = "f", Device = Device, CapturedAt = DateTimeOffset.UnixEpoch, Model = Plans.New, Prediction = new Prediction { Class = "ok" },
            Shadow = new ShadowPrediction(Plans.Old, new Prediction { Class = "crack" }), Reasons = [new SamplingReason("disagreement", 1)], ImageDigest = "", Width = 1, Height = 1,
            State = LabelState.Labelled, Label = new FrameLabel("crack", [], "ann", DateTimeOffset.UnixEpoch), Use = FrameUse.Training,
        };
        JudgedPair? Judge(FrameView f) => JudgedFrameRule.Judge(f, Plans.New.Digest, Plans.Old.Digest);
        Assert.Equal(JudgedPair.ChampionRight, Judge(frame));
        Assert.Equal(JudgedPair.ChallengerRight, Judge(frame with { Model = Plans.Old, Shadow = new ShadowPrediction(Plans.New, new Prediction { Class = "crack" }), }));
        Assert.Equal(JudgedPair.NeitherRight, Judge(frame with { Label = frame.Label! with { Class = "dent" } }));
        Assert.Null(Judge(frame with { Reasons = [new SamplingReason("least-confidence", 1)] }));
        Assert.Null(Judge(frame with { Shadow = new ShadowPrediction(Plans.Old, new Prediction { Class = "ok" }) }));
        Assert.Null(Judge(frame with { State = LabelState.Skipped, Label = null }));
    }

    [Fact]
    public void A_frame_with_boxes_is_judged_by_the_boxes_and_a_detector_that_found_nothing_is_not_right_for_it()
    {
        var found = new Prediction { Class = "scratch", Detections = [new Detection("scratch", 0.9, 10, 10, 20, 20)] };
        var frame = new FrameView
        {
            Id = "f", Device = Device, CapturedAt = DateTimeOffset.UnixEpoch, Model = Plans.New, Prediction = new Prediction(), Shadow = new ShadowPrediction(Plans.Old, found),
            Reasons = [new SamplingReason("disagreement", 1)], ImageDigest = "", Width = 100, Height = 100, State = LabelState.Labelled,
            Label = new FrameLabel(null, [new LabelBox("scratch", 11, 11, 20, 20)], "op", DateTimeOffset.UnixEpoch), Use = FrameUse.Training,
        };
        JudgedPair? Judge(FrameLabel label) => JudgedFrameRule.Judge(frame with { Label = label }, Plans.New.Digest, Plans.Old.Digest);
        Assert.Equal(JudgedPair.ChampionRight, Judge(frame.Label!));
        Assert.Equal(JudgedPair.ChallengerRight, Judge(frame.Label! with { Boxes = [] }));
        Assert.Equal(JudgedPair.NeitherRight, Judge(frame.Label! with { Boxes = [new LabelBox("scratch", 60, 60, 20, 20)] }));
        // Neither rejects the part, so a verdict tells them not apart.
        Assert.Null(Judge(frame.Label! with { Boxes = [], Verdict = PartVerdict.Ok }));
    }

    [Fact]
    public void The_curve_stays_short_and_keeps_its_ends()
    {
        List<EvidencePoint> curve = [];
        for (var i = 1; i <= 5000; i++) RolloutEvidenceOf.AddPoint(curve, EvidenceOf(new ArmCounts([(ArmCounter.Parts, i)])), DateTimeOffset.UnixEpoch.AddSeconds(i));
        Assert.InRange(curve.Count, 50, RolloutEvidenceOf.CurvePoints);
        Assert.Equal((1, 5000), (curve[0].Parts, curve[^1].Parts));
    }

    private static RolloutEvidence EvidenceOf(ArmCounts counts) => RolloutEvidenceOf.Sums(Plan, new RolloutSums(new Dictionary<(int, string), ArmCounts[]> { [(0, "")] = [default, counts, default] }), [], Guards);

    private static void Judge(ref ArmCounts counts, JudgedPair result) =>
        counts[result == JudgedPair.ChallengerRight ? ArmCounter.ChallengerRight : result == JudgedPair.ChampionRight ? ArmCounter.ChampionRight : ArmCounter.NeitherRight]++;

    /// <summary>A rollout of one ring with a look after every frame; half of the frames in disagreement get judged.</summary>
    private static (RingVerdictKind Verdict, long Parts) Simulate(Random random, double discordant, double challengerWins, int frames, double errors = 0.001)
    {
        var counts = default(ArmCounts);
        for (var i = 1; i <= frames; i++)
        {
            counts[ArmCounter.Parts] = counts[ArmCounter.Pairs] = i;
            if (random.NextDouble() < errors) counts[ArmCounter.Errors]++;
            if (random.NextDouble() < discordant)
            {
                counts[ArmCounter.Discordant]++;
                if (random.NextDouble() < 0.5) Judge(ref counts, random.NextDouble() < challengerWins ? JudgedPair.ChallengerRight : JudgedPair.ChampionRight);
            }
            var verdict = RolloutGate.Judge(Plan, EvidenceOf(counts), new RingFacts("canary", 1, 1, 0, i, TimeSpan.FromSeconds(i), TimeSpan.FromSeconds(i)));
            if (verdict.Kind is RingVerdictKind.Stop or RingVerdictKind.Advance) return (verdict.Kind, i);
        }
        return (RingVerdictKind.Wait, frames);
    }

    [Fact]
    public void Simulated_a_good_model_is_promoted_and_a_bad_one_is_stopped()
    {
        var random = new Random(1);
        var good = Enumerable.Range(0, 50).Select(_ => Simulate(random, 0.15, 0.85, 5000)).ToArray();
        var bad = Enumerable.Range(0, 50).Select(_ => Simulate(random, 0.3, 0.05, 5000)).ToArray();
        output.WriteLine($"good: {good.Count(g => g.Verdict == RingVerdictKind.Advance)} of 50 promoted after {good.Average(g => g.Parts):0} parts on average");
        output.WriteLine($"bad: {bad.Count(g => g.Verdict == RingVerdictKind.Stop)} of 50 stopped after {bad.Average(g => g.Parts):0} parts on average");
        Assert.All(good, g => Assert.Equal(RingVerdictKind.Advance, g.Verdict));
        Assert.All(bad, g => Assert.Equal(RingVerdictKind.Stop, g.Verdict));
    }

    [Fact]
    public void Simulated_at_most_one_in_a_hundred_equal_models_is_stopped_though_every_frame_is_looked_at()
    {
        // Equal models with errors at the normal rate, and no promotion that would end the looks early: the stop rule alone.
        var (random, stopped) = (new Random(2), 0);
        for (var run = 0; run < 1000; run++)
        {
            var counts = default(ArmCounts);
            for (var i = 1; i <= 1000; i++)
            {
                counts[ArmCounter.Parts] = counts[ArmCounter.Pairs] = i;
                var changed = false;
                if (random.NextDouble() < Plan.Guardrails.ErrorRate) (counts[ArmCounter.Errors], changed) = (counts[ArmCounter.Errors] + 1, true);
                if (random.NextDouble() < 0.2)
                {
                    Judge(ref counts, random.NextDouble() < 0.5 ? JudgedPair.ChallengerRight : JudgedPair.ChampionRight);
                    changed = true;
                }
                // Evidence for a stop grows only with a judged frame or an error.
                if (!changed) continue;
                counts[ArmCounter.Discordant]++;
                var paired = new PairedEvidence(Plan.Guardrails.NonInferiorityMargin, counts[ArmCounter.Pairs], 0, counts[ArmCounter.ChallengerRight], counts[ArmCounter.ChampionRight]);
                var errors = new BernoulliEProcess(Plan.Guardrails.ErrorRate, counts[ArmCounter.Parts], counts[ArmCounter.Errors]);
                var evidence = RolloutEvidence.None with { Parts = i, Pairs = i, StopEvidence = paired.StopEvidence, ErrorEvidence = errors.Evidence };
                if (RolloutGate.Judge(Plan, evidence, new RingFacts("canary", 1, 1, 0, i, TimeSpan.Zero, TimeSpan.Zero)).Kind != RingVerdictKind.Stop) continue;
                stopped++;
                break;
            }
        }
        output.WriteLine($"false stops: {stopped} of 1000 A/A rollouts ({stopped / 10.0:0.0} %), 1000 looks each; allowed 1 %");
        Assert.InRange(stopped, 0, 10);
    }
}
