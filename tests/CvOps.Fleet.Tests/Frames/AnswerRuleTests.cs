using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames;

namespace CvOps.Fleet.Tests.Frames;

public sealed class AnswerRuleTests
{
    private static readonly LabelBox Drawn = new("crack", 10, 10, 20, 20);

    [Fact]
    public void A_class_is_right_when_a_person_names_the_same()
    {
        Assert.Equal(new Answer("ok", true, 0.9), AnswerRule.Of(Label() with { Class = "ok" }, new Prediction { Class = "ok", Confidence = 0.9 }));
        Assert.Equal(new Answer("ok", false, 0.9), AnswerRule.Of(Label() with { Class = "scratch" }, new Prediction { Class = "ok", Confidence = 0.9 }));
    }

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
        Assert.False(AnswerRule.Of(Label(), new Prediction { Class = "crack" }).Right);
    }

    [Fact]
    public void A_verdict_is_compared_with_what_the_model_would_have_done_with_the_part()
    {
        Assert.Equal(new Answer("NG", true), AnswerRule.Of(Label(verdict: PartVerdict.Ng), new Prediction { Reject = true }));
        Assert.Equal(new Answer("OK", false), AnswerRule.Of(Label(verdict: PartVerdict.Ng), new Prediction()));
    }

    [Fact]
    public void What_a_label_says_is_its_class_its_boxes_counted_or_its_verdict_and_outlines_count_by_class()
    {
        Assert.Equal("2 crack, dent", AnswerRule.TruthOf(Label(boxes: [Drawn, Drawn with { Class = "dent" }, Drawn])));
        Assert.Equal("nothing", AnswerRule.TruthOf(Label()));
        Assert.Equal("OK", AnswerRule.TruthOf(Label(verdict: PartVerdict.Ok)));
        var outlined = Label(verdict: PartVerdict.Ng) with { Polygons = [new LabelPolygon("crack", [0, 0, 4, 0, 4, 4])] };
        Assert.Equal("crack", AnswerRule.TruthOf(outlined));
        Assert.True(AnswerRule.Of(outlined, new Prediction { Detections = [new Detection("crack", 0.9, 50, 50, 9, 9)] }).Right);
        Assert.False(AnswerRule.Of(outlined, new Prediction()).Right);
    }

    private static bool Boxes(LabelBox[] drawn, params Detection[] said) => AnswerRule.Of(Label(boxes: drawn), new Prediction { Detections = [.. said] }).Right;

    private static FrameLabel Label(LabelBox[]? boxes = null, PartVerdict? verdict = null) => new(null, boxes ?? [], "op", DateTimeOffset.UnixEpoch, Verdict: verdict);
}
