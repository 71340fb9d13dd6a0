using CvOps.Contracts.Api;
using CvOps.Fleet.Training;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Fleet.Tests.Training;

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
        GoldenOutcome[] outcomes = [.. Enumerable.Repeat(new GoldenOutcome("a", "a", null), 40), .. Enumerable.Repeat(new GoldenOutcome("a", "a", "a"), 20)];
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
        var v2 = Judge(said.Select(s => new GoldenOutcome(s.Truth, s.Said[0], s.Said[1])));
        var v3 = Judge(said.Select(s => new GoldenOutcome(s.Truth, s.Said[1], s.Said[2])));
        output.WriteLine($"v2 over v1: {v2.Verdict} {v2.Reason}\nv3 over v2: {v3.Verdict} {v3.Reason}");
        Assert.Equal(GateVerdict.Passed, v2.Verdict);
        Assert.Equal(GateVerdict.Refused, v3.Verdict);
        Assert.Contains("inclusion", v3.Reason, StringComparison.Ordinal);
        Assert.Contains("pitted_surface", v3.Reason, StringComparison.Ordinal);
    }

    private static GateResult Judge(IEnumerable<GoldenOutcome> outcomes, double margin = 0.02) => PromotionGate.Decide("old", "new", [.. outcomes], margin, DateTimeOffset.UnixEpoch);

    private static IEnumerable<GoldenOutcome> Of(string name, int both, int onlyOld, int onlyNew, int neither) =>
    [
        .. Enumerable.Repeat(new GoldenOutcome(name, name, name), both), .. Enumerable.Repeat(new GoldenOutcome(name, name, "other"), onlyOld),
        .. Enumerable.Repeat(new GoldenOutcome(name, "other", name), onlyNew), .. Enumerable.Repeat(new GoldenOutcome(name, "other", "other"), neither),
    ];
}
