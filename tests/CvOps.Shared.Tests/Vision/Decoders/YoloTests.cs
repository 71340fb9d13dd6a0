using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision.Decoders;

public sealed class YoloTests
{
    // Centre x, centre y, width, height, score of a, score of b. The second is the first again, less sure; the fourth is under the cut.
    private static readonly float[][] Anchors =
    [
        [20, 21, 20, 60, 0.9f, 0.1f],
        [20, 20, 20, 50, 0.8f, 0.1f],
        [10, 10, 10, 20, 0.1f, 0.7f],
        [10, 10, 10, 20, 0.2f, 0.3f],
    ];

    private static readonly float[][] WithObjectness = [.. Anchors.Select(anchor => (float[])[.. anchor[..4], 0.95f, .. anchor[4..].Select(score => score / 0.95f)])];

    public static TheoryData<DecoderKind, long[], float[]> Forms => new()
    {
        { DecoderKind.YoloV8, [1, 6, 4], Columns(Anchors) },
        { DecoderKind.YoloV8, [1, 4, 6], [.. Anchors.SelectMany(anchor => anchor)] },
        { DecoderKind.YoloV5, [1, 4, 7], [.. WithObjectness.SelectMany(anchor => anchor)] },
        { DecoderKind.YoloX, [1, 4, 7], [.. WithObjectness.SelectMany(anchor => anchor)] },
    };

    [Theory]
    [MemberData(nameof(Forms), DisableDiscoveryEnumeration = true)]
    public void Boxes_are_cut_suppressed_by_class_and_mapped_to_the_picture(DecoderKind kind, long[] shape, float[] output)
    {
        using var rig = new OutputRig(Manifest(kind), new RigOutput("output0", shape));
        // 128 x 64 into 64 x 64: half the size, 16 rows of padding above.
        rig.Plan = PreprocessPlan.Create(Manifest(kind).Input with { Resize = ResizeMode.LetterboxCentre }, 128, 64, PixelFormat.Grey8);
        var prediction = rig.Decode(output);
        Assert.Equal(["a", "b"], prediction.Detections.Select(d => d.Class));
        AssertBox(prediction.Detections[0], 20, 0, 40, 64);
        AssertBox(prediction.Detections[1], 10, 0, 20, 8);
        Assert.Equal(("a", true), (prediction.Class, prediction.Reject));
        Assert.Equal(0.9, prediction.Confidence, 1e-6);
        Assert.Equal(0.3, prediction.Margin, 1e-6);
    }

    [Fact]
    public void Raw_YoloX_is_decoded_cell_by_cell_and_stride_by_stride()
    {
        // 20 x 12 at strides 8 and 16: 3 x 2 and 2 x 1 cells.
        var manifest = Manifest(DecoderKind.YoloX) with { Input = new InputSpec { Name = "images", Width = 20, Height = 12 } };
        manifest = manifest with { Decoder = manifest.Decoder with { Strides = [8, 16] } };
        using var rig = new OutputRig(manifest, new RigOutput("output0", [1, 8, 7]));
        var output = new float[8 * 7];
        float[] second = [0.5f, 0.25f, 0, MathF.Log(2), 0.8f, 0.1f, 0.9f];
        float[] eighth = [-0.25f, 0.5f, MathF.Log(0.5f), 0, 1, 0.5f, 0];
        second.CopyTo(output, 4 * 7);
        eighth.CopyTo(output, 7 * 7);
        // A size beyond all numbers is no box.
        ((float[])[0, 0, 200, 200, 1, 1, 0]).CopyTo(output, 0);
        var found = rig.Decode(output).Detections;
        // Cell 4 is column 1, row 1 of stride 8: centre (12, 10), 8 x 16; cell 7 is column 1 of stride 16: centre (12, 8), 8 x 16.
        Assert.Equal(["b", "a"], found.Select(d => d.Class));
        AssertBox(found[0], 8, 2, 8, 10);
        AssertBox(found[1], 8, 0, 8, 12);
        Assert.Equal(0.72, found[0].Score, 1e-6);
    }

    [Theory]
    [InlineData(84, 1000, 0.25)]
    [InlineData(5, 77, 0.4)]
    [InlineData(14, 515, 0.0)]
    public void Every_anchor_is_what_a_plain_loop_says(int numbers, int anchors, double threshold)
    {
        var random = new Random(anchors);
        var output = new float[numbers * anchors];
        for (var i = 0; i < output.Length; i++) output[i] = i < 4 * anchors ? 1 + 200 * random.NextSingle() : MathF.Pow(random.NextSingle(), 12);
        var manifest = OutputRig.Manifest(ModelTask.Detection, new DecoderSpec { Kind = DecoderKind.YoloV8, Outputs = ["output0"], ScoreThreshold = threshold, Nms = NmsMode.None },
            [.. Enumerable.Range(0, numbers - 4).Select(i => $"c{i}")], side: 256);
        using var rig = new OutputRig(manifest, new RigOutput("output0", [1, numbers, anchors]));
        List<(string Class, float Score, float X)> expected = [];
        for (var anchor = 0; anchor < anchors; anchor++)
        {
            var best = 0;
            for (var c = 1; c < numbers - 4; c++)
            {
                if (output[(4 + c) * anchors + anchor] > output[(4 + best) * anchors + anchor]) best = c;
            }
            var score = output[(4 + best) * anchors + anchor];
            if (score >= (float)threshold) expected.Add(($"c{best}", score, Math.Clamp(output[anchor] - output[2 * anchors + anchor] / 2, 0, 256)));
        }
        Assert.NotEmpty(expected);
        Assert.Equal(expected.OrderByDescending(box => box.Score).Take(300), rig.Decode(output).Detections.Select(d => (d.Class, (float)d.Score, (float)d.X)));
    }

    [Theory]
    [InlineData(DecoderKind.YoloV8, "Output 'output0' should be [1, 6, anchors] or [1, anchors, 6] for the manifest's 2 classes; the model gives [1, 5, 9].")]
    [InlineData(DecoderKind.YoloV5, "Output 'output0' should be [1, anchors, 7] for the manifest's 2 classes; the model gives [1, 5, 9].")]
    [InlineData(DecoderKind.YoloX, "Output 'output0' should be [1, 84, 7] for the manifest's 2 classes and strides; the model gives [1, 5, 9].")]
    public void Shapes_that_do_not_fit_are_refused_with_both_sides(DecoderKind kind, string sentence)
    {
        var manifest = Manifest(kind);
        if (kind == DecoderKind.YoloX) manifest = manifest with { Decoder = manifest.Decoder with { Strides = [8, 16, 32] } };
        Assert.Equal(sentence, Assert.Throws<ModelException>(() => new OutputRig(manifest, new RigOutput("output0", [1, 5, 9]))).Message);
    }

    [Theory]
    [MemberData(nameof(Forms), DisableDiscoveryEnumeration = true)]
    public void A_decode_allocates_nothing(DecoderKind kind, long[] shape, float[] output)
    {
        using var rig = new OutputRig(Manifest(kind), new RigOutput("output0", shape));
        Assert.Equal(0, rig.BytesOver(1000, output));
    }

    private static ModelManifest Manifest(DecoderKind kind) =>
        OutputRig.Manifest(ModelTask.Detection, new DecoderSpec { Kind = kind, Outputs = ["output0"], ScoreThreshold = 0.4, IouThreshold = 0.5 }, ["a", "b"], ["b"]);

    private static float[] Columns(float[][] anchors) => [.. Enumerable.Range(0, anchors[0].Length).SelectMany(number => anchors.Select(anchor => anchor[number]))];

    private static void AssertBox(Detection found, double x, double y, double width, double height)
    {
        Assert.Equal(x, found.X, 1e-4);
        Assert.Equal(y, found.Y, 1e-4);
        Assert.Equal(width, found.Width, 1e-4);
        Assert.Equal(height, found.Height, 1e-4);
    }
}
