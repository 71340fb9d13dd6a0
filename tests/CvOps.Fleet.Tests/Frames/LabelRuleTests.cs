using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames;

namespace CvOps.Fleet.Tests.Frames;

public sealed class LabelRuleTests
{
    [Fact]
    public void A_label_is_a_class_boxes_polygons_or_a_verdict()
    {
        Assert.Null(LabelRule.Refuse(new LabelRequest("crack", "op")));
        Assert.Null(LabelRule.Refuse(new LabelRequest(null, "op", Boxes: [])));
        Assert.Null(LabelRule.Refuse(new LabelRequest(null, "op", Polygons: [new LabelPolygon("crack", [0, 0, 4, 0, 4, 4])])));
        Assert.Null(LabelRule.Refuse(new LabelRequest(null, "op", Verdict: PartVerdict.Ng)));
        Assert.Contains("'verdict'", LabelRule.Refuse(new LabelRequest(null, "op")));
        Assert.Contains("leave", LabelRule.Refuse(new LabelRequest(null, "op", Skip: true, Verdict: PartVerdict.Ok)));
    }

    [Theory]
    [InlineData(new double[] { 0, 0, 4, 0 })]
    [InlineData(new double[] { 0, 0, 4, 0, 4, 4, 1 })]
    [InlineData(new double[] { 0, 0, 4, 0, double.NaN, 4 })]
    public void A_polygon_without_three_whole_corners_is_refused(double[] points) =>
        Assert.Contains("polygon", LabelRule.Refuse(new LabelRequest(null, "op", Polygons: [new LabelPolygon("crack", points)])));

    [Fact]
    public void A_verdict_alone_judges_no_model_and_a_polygon_counts_as_a_box_does()
    {
        var said = new Prediction { Detections = [new Detection("crack", 1, 0, 0, 1, 1)] };
        Assert.Null(FrameVerdictRule.Judge(Frame(said, new LabelRequest(null, "op", Verdict: PartVerdict.Ng))));
        Assert.True(FrameVerdictRule.Judge(Frame(said, new LabelRequest(null, "op", Polygons: [new LabelPolygon("crack", [0, 0, 4, 0, 4, 4])]))));
        Assert.False(FrameVerdictRule.Judge(Frame(said, new LabelRequest(null, "op", Boxes: []))));
    }

    private static FrameView Frame(Prediction prediction, LabelRequest label) => new()
    {
        Id = "f", CapturedAt = DateTimeOffset.UnixEpoch, Reasons = [], ImageDigest = "", Width = 8, Height = 8, State = LabelState.Labelled, Use = FrameUse.Training,
        Prediction = prediction, Label = LabelRule.LabelOf(label, DateTimeOffset.UnixEpoch),
    };
}
