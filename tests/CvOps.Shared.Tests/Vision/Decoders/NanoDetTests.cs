using CvOps.Contracts.Packages;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision.Decoders;

public sealed class NanoDetTests
{
    private const int Bins = 4;

    // Strides 32 and 64 over 64 x 64: four cells and one. Cell 3 of the first, about (48, 48), reaches half a stride to the left and down; the
    // second's only cell, about (32, 32), a quarter of one stride each way.
    private static readonly float[][] Outputs =
    [
        [0, 0, 0, 0, 0, 0, 0.1f, 0.9f],
        [0.6f, 0.2f],
        [.. new float[3 * 4 * Bins], .. Half, .. Zero, .. Zero, .. Half],
        [.. Quarter, .. Quarter, .. Quarter, .. Quarter],
    ];

    private static float[] Half => [0, 0, -99, -99];

    private static float[] Zero => [0, -99, -99, -99];

    private static float[] Quarter => [MathF.Log(3), 0, -99, -99];

    [Fact]
    public void A_side_lies_where_its_bins_expect_it()
    {
        using var rig = Rig();
        var found = rig.Decode(Outputs).Detections;
        Assert.Equal([("b", 0.9f), ("a", 0.6f)], found.Select(d => (d.Class, (float)d.Score)));
        Assert.Equal([(32, 48, 16, 16), (16, 16, 32, 32)], found.Select(d => (Math.Round(d.X, 3), Math.Round(d.Y, 3), Math.Round(d.Width, 3), Math.Round(d.Height, 3))));
    }

    [Fact]
    public void A_decode_allocates_nothing()
    {
        using var rig = Rig();
        Assert.Equal(0, rig.BytesOver(1000, Outputs));
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused_with_both_sides()
    {
        using var rig = Rig();
        string Refusal(params RigOutput[] outputs) => Assert.Throws<ModelException>(() => new OutputRig(rig.Session.Manifest, outputs)).Message;
        Assert.Equal("Scores 's32' at stride 32 should be [4, 2] for the manifest's 2 classes; the model gives [1, 4, 3].", Refusal(new("s32", [1, 4, 3]), new("s64", [1, 1, 2]), new("d32", [1, 4, 16]), new("d64", [1, 1, 16])));
        Assert.Equal("Distances 'd64' at stride 64 should be [1, 4 x bins]; the model gives [1, 1, 15].", Refusal(new("s32", [1, 4, 2]), new("s64", [1, 1, 2]), new("d32", [1, 4, 16]), new("d64", [1, 1, 15])));
    }

    private static OutputRig Rig() => new(
        OutputRig.Manifest(ModelTask.Detection, new DecoderSpec { Kind = DecoderKind.NanoDet, Outputs = ["s32", "s64", "d32", "d64"], Strides = [32, 64], ScoreThreshold = 0.4 }, ["a", "b"]),
        new RigOutput("s32", [1, 4, 2]), new RigOutput("s64", [1, 1, 2]), new RigOutput("d32", [1, 4, 4 * Bins]), new RigOutput("d64", [1, 1, 4 * Bins]));
}
