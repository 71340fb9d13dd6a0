using CvOps.Contracts.Packages;

namespace CvOps.Shared.Tests.Vision.Decoders;

public sealed class NearCutTests
{
    // Centre x, centre y, width, height, score of a: a sure box, one upon it that is just below the cut, one elsewhere, one far below the cut.
    private static readonly float[] Output =
    [
        20, 20, 20, 50, 0.9f,
        20, 21, 20, 50, 0.38f,
        50, 50, 10, 10, 0.33f,
        50, 10, 10, 10, 0.2f,
    ];

    [Fact]
    public void The_surest_box_that_only_its_score_keeps_out_is_told_and_the_prediction_is_the_same()
    {
        using var rig = Rig();
        var without = rig.Decode(Output);
        Assert.Equal(0, rig.Slot.NearCut);
        rig.Slot.BandBelowCut = 0.1;
        var with = rig.Decode(Output);
        Assert.Equal(0.33, rig.Slot.NearCut, 1e-6);
        Assert.Equal((without.Class, without.Confidence, without.Margin, without.Reject), (with.Class, with.Confidence, with.Margin, with.Reject));
        Assert.Equal(without.Detections, with.Detections);
        rig.Slot.BandBelowCut = 0.05;
        rig.Decode(Output);
        Assert.Equal(0, rig.Slot.NearCut);
    }

    [Fact]
    public void A_band_as_wide_as_the_cut_still_leaves_the_least_scores_alone()
    {
        using var rig = Rig();
        rig.Slot.BandBelowCut = 0.5;
        Assert.Single(rig.Decode([.. Output[..5], .. Output[5..10], 50, 50, 10, 10, 0.01f, .. Output[5..10]]).Detections);
        Assert.Equal(0, rig.Slot.NearCut);
    }

    [Fact]
    public void A_decode_that_looks_below_the_cut_allocates_nothing()
    {
        using var rig = Rig();
        rig.Slot.BandBelowCut = 0.1;
        Assert.Equal(0, rig.BytesOver(1000, Output));
    }

    private static OutputRig Rig() => new(
        OutputRig.Manifest(ModelTask.Detection, new DecoderSpec { Kind = DecoderKind.YoloV8, Outputs = ["output0"], ScoreThreshold = 0.4 }, ["a"]), new RigOutput("output0", [1, 4, 5]));
}
