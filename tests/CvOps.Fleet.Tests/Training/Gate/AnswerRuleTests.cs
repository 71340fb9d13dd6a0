using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Training.Gate;

namespace CvOps.Fleet.Tests.Training.Gate;

public sealed class AnswerRuleTests
{
    private static readonly LabelBox Drawn = new("crack", 10, 10, 20, 20);

    [Fact]
    public void A_detector_is_right_when_each_box_has_a_detection_of_its_own_and_none_is_left_over()
    {
        Assert.True(Boxes([Drawn], new Detection("crack", 0.9, 12, 12, 20, 20)));
        Assert.False(Boxes([Drawn], new Detection("crack", 0.9, 25, 25, 20, 20)));
        Assert.False(Boxes([Drawn], new Detection("dent", 0.9, 10, 10, 20, 20)));
        Assert.False(Boxes([Drawn], new Detection("crack", 0.9, 10, 10, 20, 20), new Detection("crack", 0.8, 11, 11, 20, 20)));
        Assert.False(Boxes([Drawn, Drawn with { X = 60 }], new Detection("crack", 0.9, 10, 10, 20, 20), new Detection("crack", 0.8, 11, 11, 20, 20)));
        Assert.True(Boxes([]));
        Assert.False(Boxes([], new Detection("crack", 0.9, 10, 10, 20, 20)));
    }

    [Fact]
    public void A_verdict_is_compared_with_what_the_model_would_have_done_with_the_part()
    {
        Assert.Equal(new GoldenAnswer("NG", true), AnswerRule.Of(Label(verdict: PartVerdict.Ng), new Prediction { Reject = true }));
        Assert.Equal(new GoldenAnswer("OK", false), AnswerRule.Of(Label(verdict: PartVerdict.Ng), new Prediction()));
    }

    [Fact]
    public void What_a_label_says_is_its_class_its_boxes_counted_or_its_verdict_and_outlines_alone_say_nothing_yet()
    {
        Assert.Equal("2 crack, dent", AnswerRule.TruthOf(Label(boxes: [Drawn, Drawn with { Class = "dent" }, Drawn])));
        Assert.Equal("nothing", AnswerRule.TruthOf(Label()));
        Assert.Equal("OK", AnswerRule.TruthOf(Label(verdict: PartVerdict.Ok)));
        Assert.Null(AnswerRule.TruthOf(Label() with { Polygons = [new LabelPolygon("crack", [0, 0, 4, 0, 4, 4])] }));
    }

    [Fact]
    public void Light_is_cut_into_thirds_unless_it_is_one_light()
    {
        Assert.Empty(LightBands.Of([100, 102, 104, 101, 103]));
        var bands = LightBands.Of([30, 31, 32, 100, 101, 102, 200, 201, 202]);
        Assert.Equal(["dark, below 100", "medium, 100 to 200", "bright, from 200"], bands.Distinct());
    }

    private static bool Boxes(LabelBox[] drawn, params Detection[] said) => AnswerRule.Of(Label(boxes: drawn), new Prediction { Detections = [.. said] }).Right;

    private static FrameLabel Label(LabelBox[]? boxes = null, PartVerdict? verdict = null) => new(null, boxes ?? [], "op", DateTimeOffset.UnixEpoch, Verdict: verdict);
}
