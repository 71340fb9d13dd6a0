using CvOps.Contracts.Packages;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision.Decoders;

public sealed class TiledBoxesTests
{
    [Fact]
    public void Boxes_of_all_tiles_are_suppressed_together_in_the_picture()
    {
        // 96 x 64 in two tiles of 64 x 64 that share a third: the second begins at column 32.
        var manifest = OutputRig.Manifest(ModelTask.Detection, new DecoderSpec { Kind = DecoderKind.YoloV8, Outputs = ["output0"] }, ["a", "b"]);
        manifest = manifest with { Input = manifest.Input with { Tiles = new TileGrid(2, 1, 0.5) } };
        using var rig = new OutputRig(manifest, new RigOutput("output0", [1, 2, 6]));
        rig.Plan = PreprocessPlan.Create(manifest.Input, 96, 64, PixelFormat.Grey8);
        Assert.Equal(2, rig.Plan.Tiles);
        Assert.Equal((32f, 0f), rig.Plan.ToPicture(0f, 0f, 1));

        var found = rig.DecodeTiles([[48, 32, 16, 16, 0.8f, 0, 8, 8, 16, 16, 0, 0.7f]], [[16, 32, 16, 16, 0.9f, 0, 56, 56, 16, 16, 0, 0.6f]]).Detections;

        // The box at column 48 of the first tile is the one at column 16 of the second.
        Assert.Equal([("a", 0.9f, 40, 24), ("b", 0.7f, 0, 0), ("b", 0.6f, 80, 48)], found.Select(d => (d.Class, (float)d.Score, (int)d.X, (int)d.Y)));
    }

    [Fact]
    public void Keypoints_are_those_of_their_tile()
    {
        var manifest = OutputRig.Manifest(ModelTask.Detection, new DecoderSpec { Kind = DecoderKind.YoloPose, Outputs = ["output0"], Keypoints = ["tip"] }, ["a"]);
        manifest = manifest with { Input = manifest.Input with { Tiles = new TileGrid(2, 1) } };
        using var rig = new OutputRig(manifest, new RigOutput("output0", [1, 2, 8]));
        rig.Plan = PreprocessPlan.Create(manifest.Input, 128, 64, PixelFormat.Grey8);
        float[] nothing = new float[8];
        var found = rig.DecodeTiles([[20, 20, 10, 10, 0.8f, 21, 22, 0.5f, .. nothing]], [[.. nothing, 40, 20, 10, 10, 0.9f, 41, 42, 0.75f]]).Detections;
        Assert.Equal([105, 42, 0.75], found[0].Keypoints!);
        Assert.Equal([21, 22, 0.5], found[1].Keypoints!);
    }
}
