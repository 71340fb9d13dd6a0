using CvOps.Contracts.Api;
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
}
