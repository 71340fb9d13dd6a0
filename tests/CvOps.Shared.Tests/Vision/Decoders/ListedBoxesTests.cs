using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision.Decoders;

/// <summary>Models that suppress for themselves or need not: the same three boxes, the last under the threshold, in every form there is.</summary>
public sealed class ListedBoxesTests
{
    private static readonly RigOutput Boxes = new("boxes", [1, 4, 4]);
    private static readonly RigOutput Column = new("scores", [1, 4]);
    private static readonly RigOutput Names = new("classes", [1, 4], Integer: true);
    private static readonly float[] Corners = [8, 16, 24, 48, 0, 4, 32, 16, 1, 1, 2, 2, 0, 0, 0, 0];
    private static readonly float[] Normalised = [.. Corners.Select(number => number / 64)];
    private static readonly float[] TopFirst = [.. Normalised.Chunk(4).SelectMany(box => (float[])[box[1], box[0], box[3], box[2]])];
    private static readonly float[] Centred = [.. Normalised.Chunk(4).SelectMany(box => (float[])[(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, box[2] - box[0], box[3] - box[1]])];
    private static readonly float[] Scores = [0.9f, 0.5f, 0.3f, 0];

    public static TheoryData<DecoderKind, RigOutput[], float[][]> Forms => new()
    {
        { DecoderKind.YoloV10, [new("table", [1, 4, 6])], [Table(Corners, (box, i) => [.. box, Scores[i], i == 0 ? 1 : 0])] },
        { DecoderKind.YoloV10, [new("table", [-1, 6], 4, 4)], [Table(Corners, (box, i) => [.. box, Scores[i], i == 0 ? 1 : 0])] },
        { DecoderKind.YoloV7EndToEnd, [new("table", [-1, 7], 4, 6)], [Table(Corners, (box, i) => [0, .. box, i == 0 ? 1 : 0, Scores[i]])] },
        { DecoderKind.CaffeDetection, [new("table", [1, 1, 4, 7])], [Table(Normalised, (box, i) => [i == 3 ? -1 : 0, i == 0 ? 2 : 1, i == 3 ? 1 : Scores[i], .. box])] },
        { DecoderKind.RtDetr, [Names, Boxes, Column], [[1, 0, 0, 0], Corners, Scores] },
        { DecoderKind.Torchvision, [new("boxes", [-1, 4], 4, 2), new("classes", [-1], 4, Integer: true), new("scores", [-1], 4)], [[.. Corners[..12], 0, 0, 0, 0], [2, 1, 1, 0], Scores] },
        { DecoderKind.EfficientNms, [new("num", [1, 1], Integer: true), Boxes, Column, Names], [[3], Corners, [.. Scores[..3], 0.99f], [1, 0, 0, 0]] },
        { DecoderKind.TensorFlowDetection, [Boxes, new("classes", [1, 4]), Column, new("num", [1])], [TopFirst, [2, 1, 1, 0], [.. Scores[..3], 0.99f], [3]] },
        { DecoderKind.Ssd, [Boxes, new("scores", [1, 4, 3])], [Normalised, [0.1f, 0, 0.9f, 0.5f, 0.5f, 0, 0.7f, 0.3f, 0, 1, 0, 0]] },
        { DecoderKind.Ssd, [Boxes, new("scores", [1, 4, 2])], [Normalised, [0, 0.9f, 0.5f, 0, 0.3f, 0, 0, 0]] },
        { DecoderKind.Detr, [new("logits", [1, 4, 2]), Boxes], [[-9, Logit(0.9f), Logit(0.5f), -9, Logit(0.3f), -9, -9, -9], Centred] },
        { DecoderKind.Detr, [new("logits", [1, 4, 3]), Boxes], [[-99, MathF.Log(9), 0, 0, -99, 0, MathF.Log(3), -99, MathF.Log(7), 0, 0, 9], Centred] },
    };

    [Theory]
    [MemberData(nameof(Forms), DisableDiscoveryEnumeration = true)]
    public void Every_form_gives_the_same_boxes(DecoderKind kind, RigOutput[] outputs, float[][] numbers)
    {
        using var rig = new OutputRig(Manifest(kind, outputs), outputs);
        // Twice the size in each direction, so that normalised boxes and pixels must both be scaled.
        rig.Plan = PreprocessPlan.Create(rig.Session.Manifest.Input, 128, 128, PixelFormat.Grey8);
        for (var frame = 0; frame < 2; frame++)
        {
            var prediction = rig.Decode(numbers);
            Assert.Equal(["b", "a"], prediction.Detections.Select(d => d.Class));
            Assert.Equal(0.9, prediction.Detections[0].Score, 1e-6);
            Assert.Equal(0.5, prediction.Detections[1].Score, 1e-6);
            AssertBox([16, 32, 32, 64], prediction.Detections[0]);
            AssertBox([0, 8, 64, 24], prediction.Detections[1]);
        }
    }

    [Theory]
    [MemberData(nameof(Forms), DisableDiscoveryEnumeration = true)]
    public void A_decode_allocates_nothing(DecoderKind kind, RigOutput[] outputs, float[][] numbers)
    {
        using var rig = new OutputRig(Manifest(kind, outputs), outputs);
        Assert.Equal(0, rig.BytesOver(1000, numbers));
    }

    [Fact]
    public void A_picture_without_boxes_has_none_and_the_next_one_may_have_again()
    {
        RigOutput output = new("table", [-1, 6], 4, 4);
        using var rig = new OutputRig(Manifest(DecoderKind.YoloV10, [output]), output);
        Assert.Empty(rig.Decode(new float[24]).Detections);
        Assert.Equal(0, rig.Slot.OutputShape("table")[0]);
        Assert.Equal(4, rig.Decode(Table(Corners, (box, _) => [.. box, 0.8f, 1])).Detections.Count);
        var none = rig.Decode(new float[24]);
        Assert.Equal((null, 0.0, 0.0, false), (none.Class, none.Confidence, none.Margin, none.Reject));
    }

    [Fact]
    public void RtDetr_that_asks_for_the_size_of_its_boxes_gets_that_of_its_input()
    {
        var manifest = OutputRig.Manifest(ModelTask.Detection, new DecoderSpec { Kind = DecoderKind.RtDetr, Outputs = ["labels", "boxes", "scores"] }, ["a", "b"]);
        manifest = manifest with { Input = manifest.Input with { Width = 64, Height = 32 } };
        TinyOnnx Model(OnnxType type) => new TinyOnnx().Input("images", 1, 3, 32, 64).Input("orig_target_sizes", type, 1, 2)
            .Constant("zero", [0], 1).Node("ReduceMean", ["images"], "mean", ("keepdims", 0)).Node("Mul", ["mean", "zero"], "nothing")
            .Constant("corners", [0.25f, 0.5f, 0.75f, 1], 1, 1, 4).Integers("form", 1, 1, 4).Node("Cast", ["orig_target_sizes"], "sizes", ("to", 1)).Node("Concat", ["sizes", "sizes"], "twice", ("axis", 1))
            .Node("Reshape", ["twice", "form"], "scale").Node("Mul", ["corners", "scale"], "product").Node("Add", ["product", "nothing"], "boxes")
            .Constant("one", [1], 1, 1).Node("Add", ["one", "nothing"], "labels").Constant("sure", [0.9f], 1, 1).Node("Add", ["sure", "nothing"], "scores")
            .Output("labels", 1, 1).Output("boxes", 1, 1, 4).Output("scores", 1, 1);
        using var runner = ModelRunner.Open(Model(OnnxType.Int64).Build(), manifest, new SessionSettings(AllowGpu: false));
        var found = Assert.Single(runner.Infer(new PictureView(new byte[128 * 128], 128, 128, PixelFormat.Grey8)).Prediction.Detections);
        Assert.Equal("b", found.Class);
        AssertBox([32, 64, 64, 64], found);
        Assert.Equal("The model has 2 inputs ('images', 'orig_target_sizes'); one picture is all it gets.",
            Assert.Throws<ModelException>(() => ModelRunner.Open(Model(OnnxType.Float).Build(), manifest, new SessionSettings(AllowGpu: false))).Message);
    }

    [Fact]
    public void A_class_beyond_the_manifest_leaves_the_picture_without_a_prediction()
    {
        RigOutput output = new("table", [1, 4, 6]);
        using var rig = new OutputRig(Manifest(DecoderKind.YoloV10, [output]), output);
        Assert.Equal("Output 'table' names class 7; the manifest's 2 classes end at 1. The frame has no prediction.",
            Assert.Throws<ModelException>(() => rig.Decode(Table(Corners, (box, i) => [.. box, Scores[i], 7]))).Message);
        Assert.Equal(2, rig.Decode(Table(Corners, (box, i) => [.. box, Scores[i], 1])).Detections.Count);
    }

    [Fact]
    public void Units_first_class_and_suppression_can_be_the_manifests_own()
    {
        RigOutput output = new("table", [1, 4, 6]);
        var manifest = Manifest(DecoderKind.YoloV10, [output]);
        manifest = manifest with { Decoder = manifest.Decoder with { Units = BoxUnits.PicturePixels, FirstClassId = 5, Nms = NmsMode.Agnostic, MaxDetections = 2 } };
        using var rig = new OutputRig(manifest, output);
        rig.Plan = PreprocessPlan.Create(manifest.Input, 128, 128, PixelFormat.Grey8);
        var found = rig.Decode(Table([8, 16, 24, 48, 8, 16, 24, 47, 60, 60, 140, 140, 0, 0, 9, 9], (box, i) => [.. box, 0.9f - i / 10f, 5 + i % 2])).Detections;
        Assert.Equal(["a", "a"], found.Select(d => d.Class));
        AssertBox([8, 16, 16, 32], found[0]);
        AssertBox([60, 60, 68, 68], found[1]);
    }

    public static TheoryData<string, DecoderKind, RigOutput[]> Mismatches => new()
    {
        { "Output 'table' should be [1, N, 6] or [N, 6]; the model gives [1, 4, 7].", DecoderKind.YoloV10, [new("table", [1, 4, 7])] },
        { "Output 'table' should be [N, 7]; the model gives [2, 4, 7].", DecoderKind.YoloV7EndToEnd, [new("table", [2, 4, 7])] },
        { "Output 'boxes' should be [1, N, 4] or [N, 4]; the model gives [1, 4, 5].", DecoderKind.RtDetr, [Names, new("boxes", [1, 4, 5]), Column] },
        { "Output 'scores' should be [1, 4]; the model gives [1, 5].", DecoderKind.RtDetr, [Names, Boxes, new("scores", [1, 5])] },
        { "Output 'num' should be [1]; the model gives [1, 4].", DecoderKind.EfficientNms, [new("num", [1, 4]), Boxes, Column, Names] },
        { "Output 'scores' should be [1, 4, 2] for the manifest's 2 classes, or [1, 4, 3] with a background first; the model gives [1, 4, 4].", DecoderKind.Ssd, [Boxes, new("scores", [1, 4, 4])] },
        { "Output 'logits' should be [1, queries, 2] for the manifest's 2 classes, or [1, queries, 3] with no object last; the model gives [1, 4, 5].", DecoderKind.Detr, [new("logits", [1, 4, 5]), Boxes] },
        { "A Detr decoder takes 2 outputs; the manifest names 1.", DecoderKind.Detr, [Boxes] },
    };

    [Theory]
    [MemberData(nameof(Mismatches), DisableDiscoveryEnumeration = true)]
    public void Shapes_that_do_not_fit_are_refused_with_both_sides(string sentence, DecoderKind kind, RigOutput[] outputs) =>
        Assert.Equal(sentence, Assert.Throws<ModelException>(() => new OutputRig(Manifest(kind, outputs), outputs)).Message);

    private static ModelManifest Manifest(DecoderKind kind, RigOutput[] outputs) =>
        OutputRig.Manifest(ModelTask.Detection, new DecoderSpec { Kind = kind, Outputs = [.. outputs.Select(output => output.Name)], ScoreThreshold = 0.4 }, ["a", "b"]);

    private static float[] Table(float[] boxes, Func<float[], int, float[]> row) => [.. boxes.Chunk(4).SelectMany(row)];

    private static float Logit(float probability) => MathF.Log(probability / (1 - probability));

    private static void AssertBox(double[] expected, CvOps.Contracts.Telemetry.Detection found)
    {
        double[] box = [found.X, found.Y, found.Width, found.Height];
        for (var i = 0; i < 4; i++) Assert.Equal(expected[i], box[i], 1e-3);
    }
}
