using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision.Decoders;

public sealed class ClassifierTests
{
    private static readonly string[] Classes = ["scratch", "dent", "rust"];

    [Theory]
    [InlineData(DecoderKind.MultiLabelProbabilities)]
    [InlineData(DecoderKind.MultiLabelLogits)]
    public void Several_labels_are_those_over_the_threshold_by_falling_score(DecoderKind kind)
    {
        using var rig = Rig(kind, ["rust"]);
        float[] Numbers(params double[] scores) => [.. scores.Select(score => (float)(kind == DecoderKind.MultiLabelLogits ? Math.Log(score / (1 - score)) : score))];
        var prediction = rig.Decode(Numbers(0.5, 0.1, 0.9));
        Assert.Equal([("rust", 0.9f), ("scratch", 0.5f)], prediction.Labels!.Select(label => (label.Class, (float)Math.Round(label.Score, 6))));
        Assert.Equal(("rust", true), (prediction.Class, prediction.Reject));
        Assert.Equal(0.9, prediction.Confidence, 1e-6);
        // Nearest to the threshold of 0.4 is 0.5, a sixth of the room above.
        Assert.Equal(1 / 6.0, prediction.Margin, 1e-6);
        Assert.Equal((1 + 2 * 0.469) / 3, prediction.Entropy, 1e-3);

        var none = rig.Decode(Numbers(0.1, 0.1, 0.1));
        Assert.Equal((null, 0.0, false), (none.Class, none.Confidence, none.Reject));
        Assert.Empty(none.Labels!);
    }

    [Fact]
    public void Of_tiles_the_one_likeliest_to_reject_counts()
    {
        using var rejecting = Rig(DecoderKind.Probabilities, ["rust"], tiles: true);
        Assert.Equal(("rust", true, 0.6f), Answer(rejecting.DecodeTiles([[0.9f, 0, 0.1f]], [[0.2f, 0.2f, 0.6f]])));
        Assert.Equal(("scratch", false, 0.8f), Answer(rejecting.DecodeTiles([[0.8f, 0, 0.2f]], [[0.9f, 0.1f, 0]])));
        using var plain = Rig(DecoderKind.Probabilities, [], tiles: true);
        Assert.Equal(("dent", false, 0.65f), Answer(plain.DecodeTiles([[0.6f, 0.4f, 0]], [[0, 0.9f, 0.1f]])));

        static (string?, bool, float) Answer(Prediction prediction) => (prediction.Class, prediction.Reject, (float)prediction.Confidence);
    }

    [Fact]
    public void Over_tiles_a_label_has_its_largest_score()
    {
        using var rig = Rig(DecoderKind.MultiLabelProbabilities, [], tiles: true);
        Assert.Equal([("dent", 0.75f), ("scratch", 0.5f)], rig.DecodeTiles([[0.5f, 0.1f, 0]], [[0.2f, 0.75f, 0]]).Labels!.Select(label => (label.Class, (float)label.Score)));
        Assert.Equal([("rust", 0.5f)], rig.DecodeTiles([[0, 0, 0.5f]], [[0, 0, 0]]).Labels!.Select(label => (label.Class, (float)label.Score)));
    }

    [Theory]
    [InlineData(DecoderKind.Probabilities)]
    [InlineData(DecoderKind.Logits)]
    [InlineData(DecoderKind.MultiLabelProbabilities)]
    [InlineData(DecoderKind.MultiLabelLogits)]
    public void A_decode_allocates_nothing_and_a_class_list_that_does_not_fit_is_refused(DecoderKind kind)
    {
        using var rig = Rig(kind, ["dent"]);
        Assert.Equal(0, rig.BytesOver(1000, [0.7f, 0.6f, 0.5f]));
        Assert.Equal("The manifest names 3 classes; output 'scores' is [1, 4].",
            Assert.Throws<ModelException>(() => new OutputRig(rig.Session.Manifest, new RigOutput("scores", [1, 4]))).Message);
    }

    private static OutputRig Rig(DecoderKind kind, string[] rejects, bool tiles = false)
    {
        var manifest = OutputRig.Manifest(ModelTask.Classification, new DecoderSpec { Kind = kind, Outputs = ["scores"] }, Classes, rejects);
        if (tiles) manifest = manifest with { Input = manifest.Input with { Tiles = new TileGrid(2, 1) } };
        var rig = new OutputRig(manifest, new RigOutput("scores", [1, 3]));
        if (tiles) rig.Plan = PreprocessPlan.Create(manifest.Input, 128, 64, PixelFormat.Grey8);
        return rig;
    }
}
