using System.Text.Json;
using CvOps.Contracts;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging.Drafts;

namespace CvOps.Shared.Tests.Packages;

/// <summary>Manifests begun for models of others. Shapes are those of the exporters' documentation.</summary>
public sealed class ManifestDraftTests
{
    [Theory]
    // ultralytics: detect, a rectangle of 320 x 192, 2 classes; obb; pose.
    [InlineData("detect", "{0: 'good', 1: \"driver's\"}", 6, 1260, "YoloV8", "Detection")]
    [InlineData("obb", "{0: 'a', 1: 'b'}", 7, 1260, "YoloObb", "Detection")]
    [InlineData("pose", "{0: 'person'}", 56, 1260, "YoloPose", "Detection")]
    public void An_ultralytics_export_tells_everything_but_which_classes_reject(string task, string names, int numbers, int anchors, string kind, string decides)
    {
        var json = Draft(Yolo([1, numbers, anchors], 192, 320)
            .Metadata("task", task).Metadata("stride", "32").Metadata("names", names).Metadata("imgsz", "[192, 320]").Metadata("kpt_shape", "[17, 3]"));
        Assert.Equal((kind, decides), (json.GetProperty("decoder").GetProperty("kind").GetString(), json.GetProperty("task").GetString()));
        var input = json.GetProperty("input");
        Assert.Equal(("images", 320, 192, "Nchw", "Rgb", "LetterboxCentre"),
            (input.GetProperty("name").GetString(), input.GetProperty("width").GetInt32(), input.GetProperty("height").GetInt32(), input.GetProperty("layout").GetString(), input.GetProperty("channels").GetString(), input.GetProperty("resize").GetString()));
        Assert.Equal(255, input.GetProperty("std")[2].GetDouble());
        var marks = Marks(json);
        Assert.Equal(task == "pose" ? ["decoder.keypoints", "rejectClasses"] : ["rejectClasses"], marks);
    }

    [Fact]
    public void A_finished_draft_is_a_manifest_the_model_opens_with()
    {
        var onnx = Yolo([1, 6, 1260], 192, 320).Metadata("task", "detect").Metadata("stride", "32").Metadata("names", "{0: 'good', 1: 'dent'}").Build();
        var json = ManifestDraft.Create(onnx, "My model (v2).onnx").Replace("\"? which of the classes reject a part, [\\\"...\\\"]; [] for none\"", "[\"dent\"]", StringComparison.Ordinal);
        Assert.Empty(ManifestMarks.Find(json));
        var manifest = JsonSerializer.Deserialize(json, ContractsJson.Default.ModelManifest)!;
        Assert.Equal(("My-model--v2-.onnx", "dent"), (manifest.Name, manifest.RejectClasses.Single()));
        using var session = ModelSession.Open(onnx, manifest, new SessionSettings(AllowGpu: false));
        Assert.Equal("output0", session.OutputNames.Single());
    }

    [Fact]
    public void A_yolov5_export_is_told_by_its_three_boxes_a_cell()
    {
        var json = Draft(Yolo([1, 3 * 1260, 7], 192, 320).Metadata("stride", "32").Metadata("names", "['good', 'dent']"));
        Assert.Equal("YoloV5", json.GetProperty("decoder").GetProperty("kind").GetString());
        Assert.Equal(["good", "dent"], json.GetProperty("classes").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public void Suppression_inside_the_graph_is_told_by_six_numbers_a_box()
    {
        var json = Draft(Yolo([1, 300, 6], 192, 320).Metadata("task", "detect").Metadata("stride", "32").Metadata("names", "{0: 'a', 1: 'b'}"));
        Assert.Equal("YoloV10", json.GetProperty("decoder").GetProperty("kind").GetString());
    }

    [Fact]
    public void Shapes_that_several_decoders_have_are_asked_for_with_what_there_is_to_choose()
    {
        var json = Draft(Yolo([1, 1260, 7], 192, 320));
        Assert.Contains("YoloX with 2 classes", json.GetProperty("decoder").GetProperty("kind").GetString(), StringComparison.Ordinal);
        Assert.Equal(["task", "input.channels", "input.resize", "input.mean", "input.std", "decoder.kind", "classes", "rejectClasses"], Marks(json));

        // Suppressed poses look like nothing this version decodes; that they carry a known task must not hide it.
        Assert.Contains("decoder.kind", Marks(Draft(Yolo([1, 300, 57], 192, 320).Metadata("task", "pose").Metadata("stride", "32").Metadata("names", "{0: 'person'}"))));
    }

    [Fact]
    public void Names_and_outputs_that_disagree_are_both_told()
    {
        var json = Draft(Yolo([1, 6, 1260], 192, 320).Metadata("task", "detect").Metadata("stride", "32").Metadata("names", "{0: 'a', 1: 'b', 2: 'c'}"));
        Assert.Contains("names 3 classes, its outputs tell of 2", json.GetProperty("classes").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_graph_leaves_open_is_asked_for()
    {
        var json = Draft(new TinyOnnx().Input("x", -1, 3, -1, -1).Constant("c", [1, 2, 3], 1, 3).Node("Identity", ["c"], "y").Output("y", 1, 3));
        Assert.Equal(["task", "input.width", "input.height", "input.channels", "input.resize", "input.mean", "input.std", "decoder.kind", "classes", "rejectClasses"], Marks(json));
    }

    [Fact]
    public void Onnx_own_image_metadata_says_channels_and_range()
    {
        var json = Draft(new TinyOnnx().Input("x", 1, 8, 8, 3).Constant("c", [0.25f, 0.75f], 1, 2).Node("Identity", ["c"], "y").Output("y", 1, 2)
            .Metadata("Image.BitmapPixelFormat", "Bgr8").Metadata("Image.NominalPixelRange", "Normalized_1_1"));
        Assert.Equal(("Bgr", "Nhwc", "Probabilities"), (json.GetProperty("input").GetProperty("channels").GetString(), json.GetProperty("input").GetProperty("layout").GetString(), json.GetProperty("decoder").GetProperty("kind").GetString()));
        Assert.Equal(127.5, json.GetProperty("input").GetProperty("mean")[0].GetDouble());
    }

    [Fact]
    public void Graphs_that_take_no_picture_are_refused_in_a_sentence()
    {
        Assert.Contains("one input of four sides", Refused(new TinyOnnx().Input("x", 1, 3).Node("Identity", ["x"], "y").Output("y", 1, 3)), StringComparison.Ordinal);
        Assert.Contains("2 channels", Refused(new TinyOnnx().Input("x", 1, 2, 8, 8).Node("Identity", ["x"], "y").Output("y", 1, 2, 8, 8)), StringComparison.Ordinal);
        Assert.Contains("beside the picture", Refused(new TinyOnnx().Input("x", 1, 3, 8, 8).Input("z", 1, 5).Node("Identity", ["x"], "y").Output("y", 1, 3, 8, 8)), StringComparison.Ordinal);
        Assert.Throws<ModelException>(() => ManifestDraft.Create([1, 2, 3], "x"));
    }

    [Theory]
    [InlineData("nanodet_m", "NanoDet", null)]
    [InlineData("squeezenet1.1_imagenet_fp32", "Probabilities", "embedding")]
    [InlineData("neu_classifier_v2", "Probabilities", "embedding")]
    [InlineData("mt_patchcore_anomaly", "AnomalyMap", null)]
    public void Real_models_are_told(string model, string kind, string? embedding)
    {
        var decoder = Parse(ManifestDraft.Create(File.ReadAllBytes(TestData.Require("models", model + ".onnx")), model)).GetProperty("decoder");
        Assert.Equal(kind, decoder.GetProperty("kind").GetString());
        Assert.Equal(embedding, decoder.TryGetProperty("embedding", out var name) ? name.GetString() : null);
        if (model == "nanodet_m") Assert.Equal(["792", "814", "836", "795", "817", "839"], decoder.GetProperty("outputs").EnumerateArray().Select(output => output.GetString()));
    }

    [Theory]
    [InlineData("{0: 'a', 1: 'it\\'s', 2: \"b, c: d\"}", "a|it's|b, c: d")]
    [InlineData("{1: 'b', 0: 'a'}", "a|b")]
    [InlineData("[\"x\", \"y\"]", "x|y")]
    [InlineData("(640, 480)", "640|480")]
    [InlineData("[]", "")]
    [InlineData("{0: 'a', 0: 'b'}", null)]
    [InlineData("{0: 'a'", null)]
    [InlineData("{0 'a'}", null)]
    [InlineData("['a", null)]
    [InlineData("plain", null)]
    [InlineData("", null)]
    public void Python_literals_are_read_or_refused(string text, string? joined) =>
        Assert.Equal(joined, PythonLiteral.Read(text) is { } values ? string.Join('|', values) : null);

    private static TinyOnnx Yolo(long[] shape, int height, int width) => new TinyOnnx().Input("images", 1, 3, height, width)
        .Constant("c", new float[shape.Aggregate(1L, (product, side) => product * side)], shape).Node("Identity", ["c"], "output0").Output("output0", shape);

    private static JsonElement Draft(TinyOnnx model) => Parse(ManifestDraft.Create(model.Build(), "model"));

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    private static IEnumerable<string> Marks(JsonElement json) => ManifestMarks.Find(json.GetRawText()).Select(mark => mark[..mark.IndexOf(':', StringComparison.Ordinal)]);

    private static string Refused(TinyOnnx model) => Assert.Throws<ModelException>(() => ManifestDraft.Create(model.Build(), "x")).Message;
}
