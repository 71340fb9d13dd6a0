using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision.Decoders;

/// <summary>What YOLO's heads say beside boxes: keypoints and masks.</summary>
public sealed class YoloHeadsTests
{
    private const int Side = 128;
    private const int Samples = 32;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Keypoints_come_in_picture_pixels_with_their_scores(int numbers)
    {
        float[] box = [32, 32, 20, 20, 0.9f];
        float[] points = numbers == 3 ? [30, 24, 0.75f, 40, 36, 0.5f] : [30, 24, 40, 36];
        using var rig = Pose(numbers);
        rig.Plan = PreprocessPlan.Create(rig.Session.Manifest.Input with { Resize = ResizeMode.LetterboxCentre }, 256, 128, PixelFormat.Grey8);
        // 256 x 128 into 128 x 128: half the size, 32 rows of padding above.
        var found = Assert.Single(rig.Decode([.. box, .. points, .. new float[2 * (5 + 2 * numbers)]]).Detections);
        Assert.Equal(numbers == 3 ? [60, -16, 0.75, 80, 8, 0.5] : [60, -16, 1, 80, 8, 1], found.Keypoints!);
        Assert.Equal((44, 0, 40, 20), (found.X, found.Y, found.Width, found.Height));
    }

    [Fact]
    public void A_mask_is_outlined_between_its_samples()
    {
        using var rig = Masks();
        var found = Assert.Single(rig.Decode(Disc(box: [64, 64, 96, 96]), Prototypes).Detections);
        var corners = found.Polygon!.Chunk(2).ToArray();
        Assert.InRange(corners.Length, 12, Limits.PolygonCorners);
        // The disc's radius is 40 pixels, a sample 4.
        Assert.All(corners, corner => Assert.Equal(40, Math.Sqrt(Squared(corner[0] - 64) + Squared(corner[1] - 64)), 0.5));
        Assert.Equal(Math.PI * 40 * 40, AreaOf(corners), Math.PI * 40 * 40 * 0.03);
        Assert.Equal(Math.PI * 40 * 40, found.MaskArea!.Value, Math.PI * 40 * 40 * 0.03);
    }

    [Fact]
    public void A_mask_ends_at_its_box()
    {
        using var rig = Masks();
        rig.Plan = PreprocessPlan.Create(rig.Session.Manifest.Input, 2 * Side, 2 * Side, PixelFormat.Grey8);
        var found = Assert.Single(rig.Decode(Disc(box: [45, 64, 30, 30]), Prototypes).Detections);
        var corners = found.Polygon!.Chunk(2).ToArray();
        Assert.All(corners, corner => Assert.True(corner[0] is >= 60 and <= 120 && corner[1] is >= 98 and <= 158, $"{corner[0]}, {corner[1]}"));
        // The box lies within the disc, so the mask is the box.
        Assert.Equal(60 * 60, AreaOf(corners), 36.0);
        Assert.Equal(60 * 60, found.MaskArea!.Value, 1e-3);
    }

    [Fact]
    public void Of_several_regions_the_largest_is_outlined_and_holes_are_not()
    {
        // A ring of radii 40 and 10 about the middle, and a dot in a corner of the box.
        var field = new float[Samples * Samples];
        for (var i = 0; i < field.Length; i++)
        {
            var distance = Math.Sqrt(Squared(i % Samples * 4 + 2 - 64) + Squared(i / Samples * 4 + 2 - 64));
            field[i] = (float)Math.Min(40 - distance, distance - 10);
        }
        field[2 * Samples + 2] = 50;
        using var rig = Masks();
        var found = Assert.Single(rig.Decode([64, 64, 128, 128, 0.9f, 1, 0, .. new float[14]], [.. field, .. field]).Detections);
        Assert.All(found.Polygon!.Chunk(2), corner => Assert.Equal(40, Math.Sqrt(Squared(corner[0] - 64) + Squared(corner[1] - 64)), 0.6));
        Assert.Equal(Math.PI * (40 * 40 - 10 * 10), found.MaskArea!.Value, 400.0);
    }

    [Fact]
    public void A_mask_without_pixels_has_no_outline_and_the_next_frame_has_one_again()
    {
        using var rig = Masks();
        var found = Assert.Single(rig.Decode([64, 64, 96, 96, 0.9f, 0, -1, .. new float[14]], Prototypes).Detections);
        Assert.Null(found.Polygon);
        Assert.Equal(0, found.MaskArea);
        Assert.NotNull(Assert.Single(rig.Decode(Disc([64, 64, 96, 96]), Prototypes).Detections).Polygon);
    }

    [Fact]
    public void A_ragged_outline_stays_within_the_most_corners_a_message_may_have()
    {
        var random = new Random(2);
        var field = new float[Samples * Samples];
        for (var i = 0; i < field.Length; i++) field[i] = random.NextSingle() - 0.3f;
        using var rig = Masks();
        var found = Assert.Single(rig.Decode([64, 64, 128, 128, 0.9f, 1, 0, .. new float[14]], [.. field, .. field]).Detections);
        Assert.InRange(found.Polygon!.Count / 2, 3, Limits.PolygonCorners);
    }

    [Fact]
    public void A_decode_allocates_nothing()
    {
        using (var pose = Pose(3)) Assert.Equal(0, pose.BytesOver(1000, [32, 32, 20, 20, 0.9f, 30, 24, 0.75f, 40, 36, 0.5f, .. new float[22]]));
        using var masks = Masks();
        Assert.Equal(0, masks.BytesOver(1000, Disc([64, 64, 96, 96]), Prototypes));
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused_with_both_sides()
    {
        Assert.Equal("Output 'proto' should be prototypes, [1, K, height, width]; the model gives [1, 2, 32].",
            Assert.Throws<ModelException>(() => new OutputRig(MaskManifest, new RigOutput("output0", [1, 3, 7]), new RigOutput("proto", [1, 2, 32]))).Message);
        Assert.Equal("Output 'output0' should be [1, 7, anchors] or [1, anchors, 7] for the manifest's 1 classes and the 2 prototypes of 'proto'; the model gives [1, 3, 9].",
            Assert.Throws<ModelException>(() => new OutputRig(MaskManifest, new RigOutput("output0", [1, 3, 9]), new RigOutput("proto", [1, 2, 32, 32]))).Message);
        Assert.Equal("Output 'output0' should be [1, 11, anchors] or [1, anchors, 11] for the manifest's 1 classes and 2 keypoints; the model gives [1, 3, 8].",
            Assert.Throws<ModelException>(() => new OutputRig(Pose(3).Session.Manifest, new RigOutput("output0", [1, 3, 8]))).Message);
        Assert.Equal("A YoloPose decoder needs the manifest's keypoints, their names in the model's order; the manifest names none.",
            Assert.Throws<ModelException>(() => new OutputRig(OutputRig.Manifest(ModelTask.Detection, Spec(DecoderKind.YoloPose), ["a"]), new RigOutput("output0", [1, 3, 11]))).Message);
    }

    /// <summary>The first prototype is how far a sample lies from the middle, the second is 1.</summary>
    private static float[] Prototypes { get; } = [.. Enumerable.Range(0, 2 * Samples * Samples).Select(i =>
        i >= Samples * Samples ? 1 : (float)Math.Sqrt(Squared(i % Samples * 4 + 2 - 64) + Squared(i / Samples * 4 + 2 - 64)))];

    /// <summary>One anchor with the mask 40 - distance, two that say nothing.</summary>
    private static float[] Disc(float[] box) => [.. box, 0.9f, -1, 40, .. new float[14]];

    private static ModelManifest MaskManifest { get; } = OutputRig.Manifest(ModelTask.Detection, Spec(DecoderKind.YoloSegmentation) with { Outputs = ["output0", "proto"] }, ["a"], side: Side);

    private static OutputRig Masks() => new(MaskManifest, new RigOutput("output0", [1, 3, 7]), new RigOutput("proto", [1, 2, Samples, Samples]));

    private static OutputRig Pose(int numbers) => new(
        OutputRig.Manifest(ModelTask.Detection, Spec(DecoderKind.YoloPose) with { Keypoints = ["nose", "tail"] }, ["a"], side: Side), new RigOutput("output0", [1, 3, 5 + 2 * numbers]));

    private static DecoderSpec Spec(DecoderKind kind) => new() { Kind = kind, Outputs = ["output0"], ScoreThreshold = 0.4, IouThreshold = 0.5 };

    private static double Squared(double value) => value * value;

    private static double AreaOf(double[][] corners) =>
        Math.Abs(corners.Select((corner, i) => (corner, next: corners[(i + 1) % corners.Length])).Sum(pair => pair.corner[0] * pair.next[1] - pair.next[0] * pair.corner[1])) / 2;
}
