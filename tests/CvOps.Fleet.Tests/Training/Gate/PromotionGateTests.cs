using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Training.Gate;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Fleet.Tests.Training.Gate;

public sealed class PromotionGateTests(ITestOutputHelper output)
{
    [Fact]
    public void A_clear_gain_passes() => Assert.Equal(GateVerdict.Passed, Judge([.. Of("a", 60, 1, 15, 4), .. Of("b", 80, 0, 0, 0)]).Verdict);

    [Fact]
    public void An_empty_or_small_golden_set_is_inconclusive()
    {
        Assert.Equal(GateVerdict.Inconclusive, Judge([]).Verdict);
        Assert.Contains("at least 30 are needed", Judge(Of("a", 0, 0, 29, 0)).Reason, StringComparison.Ordinal);
        Assert.Equal(GateVerdict.Inconclusive, Judge(Of("a", 0, 29, 0, 0)).Verdict);
    }

    [Fact]
    public void Equal_models_on_few_frames_are_inconclusive_as_the_interval_is_too_wide() => Assert.Equal(GateVerdict.Inconclusive, Judge(Of("a", 30, 4, 4, 2)).Verdict);

    [Fact]
    public void Answers_that_are_none_count_as_wrong_ones()
    {
        GoldenOutcome[] outcomes = [.. Enumerable.Repeat(Outcome("a", "a", null), 40), .. Enumerable.Repeat(Outcome("a", "a", "a"), 20)];
        Assert.Equal(GateVerdict.Refused, Judge(outcomes).Verdict);
    }

    [Fact]
    public void A_lost_class_refuses_whatever_the_whole_gains()
    {
        var result = Judge([.. Of("common", 300, 0, 100, 0), .. Of("rare", 2, 28, 0, 0)]);
        Assert.Equal(GateVerdict.Refused, result.Verdict);
        Assert.Contains("blind to rare", result.Reason, StringComparison.Ordinal);
        Assert.True(result.Difference.Lower > 0, "the whole gained");
    }

    [Fact]
    public void On_steel_v2_passes_and_the_regressed_v3_is_refused_by_the_names_of_its_blind_classes()
    {
        var test = TestData.Require("neu-det", "images", "test");
        var said = new List<(string Truth, string?[] Said)>();
        ModelRunner[] models = [Steel.Open("v1"), Steel.Open("v2"), Steel.Open("v3_regressed")];
        foreach (var file in Directory.GetFiles(test, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var picture = JpegCodec.Decode(File.ReadAllBytes(file));
            said.Add((Path.GetFileName(Path.GetDirectoryName(file))!, [.. models.Select(model => model.Infer(picture.View).Prediction.Class)]));
        }
        foreach (var model in models) model.Dispose();
        var v2 = Judge(said.Select(s => Outcome(s.Truth, s.Said[0], s.Said[1])));
        var v3 = Judge(said.Select(s => Outcome(s.Truth, s.Said[1], s.Said[2])));
        output.WriteLine($"v2 over v1: {v2.Verdict} {v2.Reason}\nv3 over v2: {v3.Verdict} {v3.Reason}");
        Assert.Equal(GateVerdict.Passed, v2.Verdict);
        Assert.Equal(GateVerdict.Refused, v3.Verdict);
        Assert.Contains("inclusion", v3.Reason, StringComparison.Ordinal);
        Assert.Contains("pitted_surface", v3.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_on_one_camera_refuses_and_names_it()
    {
        var result = Judge([.. Of("a", 200, 0, 0, 0), .. Of("a", 10, 30, 0, 0).Select(outcome => outcome with { Slices = [.. outcome.Slices, new GoldenSlice("camera", "press-4/top")] })]);
        Assert.Equal(GateVerdict.Refused, result.Verdict);
        Assert.Contains("camera press-4/top", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_models_pass_however_many_slices_there_are()
    {
        // 40 cameras of 60 frames; both models miss 10 %, each its own: some camera looks worse by chance.
        var random = new Random(7);
        GoldenOutcome[] outcomes =
        [
            .. from camera in Enumerable.Range(0, 40)
               from frame in Enumerable.Range(0, 60)
               select Outcome("a", random.NextDouble() < 0.1 ? "b" : "a", random.NextDouble() < 0.1 ? "b" : "a") with { Slices = [new GoldenSlice("class", "a"), new GoldenSlice("camera", $"{camera}")] },
        ];
        Assert.Equal(GateVerdict.Passed, Judge(outcomes).Verdict);
    }

    [Fact]
    public void A_challenger_that_is_surer_than_it_is_right_is_refused()
    {
        GoldenOutcome Sure(bool right, double champion, double challenger) => new("f", "a", new Answer("a", right, champion), new Answer("a", right, challenger), [new GoldenSlice("class", "a")]);
        GoldenOutcome[] outcomes = [.. Enumerable.Repeat(Sure(true, 0.8, 1), 480), .. Enumerable.Repeat(Sure(false, 0.8, 1), 120)];
        var result = Judge(outcomes);
        Assert.Equal(GateVerdict.Refused, result.Verdict);
        Assert.Contains("confidence is worth less", result.Reason, StringComparison.Ordinal);
        Assert.Equal(0, result.Calibration!.ChampionError, 9);
        Assert.Equal(0.2, result.Calibration.ChallengerError, 9);
        Assert.Equal(0.2 - (0.8 * 0.2), result.Calibration.Brier.Estimate, 9);
    }

    [Fact]
    public void A_challenger_that_is_too_slow_or_too_large_is_refused_with_both_numbers()
    {
        var result = Judge(Of("a", 200, 0, 0, 0), cost: new GateCost(2, 9, 1000, 1000, GateVerdict.Refused));
        Assert.Equal(GateVerdict.Refused, result.Verdict);
        Assert.Contains("2.00 -> 9.00 ms", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_that_changed_sides_are_listed_those_that_were_lost_first()
    {
        var result = Judge([.. Of("a", 100, 1, 3, 2)]);
        Assert.Equal(4, result.ChangedFrames);
        Assert.Equal([true, false, false, false], result.Changed.Select(frame => frame.Lost));
        // Two-sided sign test of 1 in 4: 2 (1 + 4) / 16.
        Assert.Equal(0.625, result.EqualityP!.Value, 12);
    }

    [Fact]
    public void Production_accuracy_weighs_each_golden_frame_by_how_rarely_such_frames_are_kept()
    {
        // A tenth of the sure frames was kept and all of the unsure ones: 100 stand for 1000, 50 for 50.
        GoldenOutcome[] outcomes =
        [
            .. Of("a", 100, 0, 0, 0).Select(outcome => outcome with { Inclusion = 0.1, Uncertainty = 0 }), .. Of("a", 0, 0, 25, 25).Select(outcome => outcome with { Inclusion = 1, Uncertainty = 0.9 }),
        ];
        var production = Judge(outcomes).Production!;
        Assert.Equal(1000.0 / 1050, production.Champion!.Estimate, 9);
        Assert.Equal(1025.0 / 1050, production.Challenger!.Estimate, 9);
        Assert.Contains("30 are the least", Judge(Of("a", 100, 0, 0, 0)).Production!.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void Light_is_cut_into_thirds_unless_it_is_one_light()
    {
        Assert.Empty(LightBands.Of([100, 102, 104, 101, 103]));
        var bands = LightBands.Of([30, 31, 32, 100, 101, 102, 200, 201, 202]);
        Assert.Equal(["dark, below 100", "medium, 100 to 200", "bright, from 200"], bands.Distinct());
    }

    private static GateResult Judge(IEnumerable<GoldenOutcome> outcomes, GateCost? cost = null) => PromotionGate.Decide("new", new GateRequest("old"), [.. outcomes], cost, DateTimeOffset.UnixEpoch);

    private static GoldenOutcome Outcome(string truth, string? champion, string? challenger) =>
        new("f", truth, new Answer(champion, champion == truth), new Answer(challenger, challenger == truth), [new GoldenSlice("class", truth)]);

    private static IEnumerable<GoldenOutcome> Of(string name, int both, int onlyOld, int onlyNew, int neither) =>
    [
        .. Enumerable.Repeat(Outcome(name, name, name), both), .. Enumerable.Repeat(Outcome(name, name, "other"), onlyOld),
        .. Enumerable.Repeat(Outcome(name, "other", name), onlyNew), .. Enumerable.Repeat(Outcome(name, "other", "other"), neither),
    ];
}
