using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Fleet.Tests.Trainer;

/// <summary>The PyTorch trainer as a real process; skipped where Debian's python3-torch is not installed.</summary>
public sealed class TorchRunTests : IDisposable
{
    private static readonly string[] Classes = ["dark", "bright"];

    private static readonly ModelManifest Manifest = new()
    {
        Name = "grey", Version = "v1", Task = ModelTask.Classification, Classes = Classes, Input = new InputSpec { Name = "images", Width = 32, Height = 32, Channels = ChannelOrder.Bgr },
        Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"], Embedding = "embedding" },
    };

    private readonly TrainingFolder _folder = new();

    public TorchRunTests() => Assert.SkipUnless(Directory.Exists("/usr/lib/python3/dist-packages/torch"), "PyTorch is not installed: .ci/setup train");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_whole_network_is_trained_on_from_its_parent_and_its_export_says_what_it_said()
    {
        AddPictures();
        var (exit, lines) = await RunAsync("""{"epochs":20,"rate":0.05,"batch":8,"threads":1}""");
        Assert.True(exit == 0, lines[^1].Message);
        Assert.Equal("parent", lines.Single(line => line.Event == "environment").Environment!["init"]);
        Assert.Equal(Enumerable.Range(0, 20), lines.Where(line => line.Event == "progress").Select(line => line.Step!.Value));
        Assert.InRange(lines.Last(line => line.Event == "metrics").Metrics!["trainAccuracy"], 0.9, 1);
        Assert.True(Right(Manifest) >= 0.9);
        AssertParity(Manifest, "logits", "embedding");
    }

    [Fact]
    public async Task A_graph_that_pytorch_can_not_run_is_replaced_by_a_small_network_and_that_is_said_and_a_stopped_run_goes_on()
    {
        AddPictures();
        var (exit, lines) = await RunAsync("""{"epochs":2,"init":"scratch","rate":0.003,"batch":8,"threads":1}""");
        Assert.True(exit == 0, lines[^1].Message);
        Assert.Equal("scratch", lines.Single(line => line.Event == "environment").Environment!["init"]);
        (exit, lines) = await RunAsync("""{"epochs":4,"init":"scratch","rate":0.003,"batch":8,"threads":1}""", "--resume");
        Assert.True(exit == 0, lines[^1].Message);
        Assert.Equal([2, 3], lines.Where(line => line.Event == "progress").Select(line => line.Step!.Value));
        AssertParity(Manifest, "logits", "embedding");
    }

    [Fact, Trait("tier", "slow")]
    public async Task A_detector_is_trained_from_scratch_and_decoded_as_its_parent()
    {
        var manifest = Manifest with
        {
            Task = ModelTask.Detection, Classes = ["mark"], Input = new InputSpec { Name = "images", Width = 64, Height = 64, Channels = ChannelOrder.Bgr }, Decoder = new DecoderSpec { Kind = DecoderKind.YoloV8, Outputs = ["output0"] },
        };
        var random = new Random(3);
        for (var i = 0; i < 48; i++)
        {
            var (x, y, side) = (random.Next(4, 40), random.Next(4, 40), random.Next(14, 20));
            _folder.Add(Square(x, y, side), null, boxes: [new LabelBox("mark", x, y, side, side)]);
        }
        SetParent(new TinyOnnx().Input("images", 1, 3, 64, 64).Output("output0", 1, 5, 80).Constant("boxes", new float[400], 1, 5, 80).Node("Identity", ["boxes"], "output0").Build(), manifest);
        var (exit, lines) = await RunAsync("""{"epochs":4,"rate":0.005,"batch":8,"threads":1}""");
        Assert.True(exit == 0, lines[^1].Message);
        AssertParity(manifest, "output0");
        var losses = lines.Where(line => line.Event == "progress").Select(line => line.Loss!.Value).ToArray();
        Assert.True(losses[^1] < losses[0] / 2, string.Join(' ', losses));
    }

    [Theory]
    [InlineData("""{"epoch":3}""", "does not know epoch; it knows epochs")]
    [InlineData("""{"epochs":0}""", "epochs is 0; it must be a number from 1")]
    [InlineData("""{"rate":1e9}""", "rate is 1000000000.0")]
    public async Task Parameters_that_it_does_not_know_are_named(string parameters, string expected)
    {
        AddPictures();
        var (exit, lines) = await RunAsync(parameters);
        Assert.Equal(1, exit);
        Assert.Contains(expected, lines[^1].Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Result));
    }

    [Fact]
    public async Task One_class_only_is_refused()
    {
        for (var i = 0; i < 4; i++) _folder.Add(Square(0, 0, 10 + i), "dark");
        SetParent(TinyOnnx.MeanColourClassifier(32, 32, [1, 0, 0, 0, 0, 1], [0, 0]), Manifest);
        var (exit, lines) = await RunAsync("{}");
        Assert.Equal(1, exit);
        Assert.Contains("labelled 'dark'; a classifier needs at least two classes", lines[^1].Message, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, IReadOnlyList<TrainerLine> Lines)> RunAsync(string parameters, params string[] more) =>
        _folder.RunAsync("torch", ["--parameters", _folder.Write("parameters.json", parameters), "--checkpoints", Path.Combine(_folder.Out, "..", "checkpoints"), .. more]);

    private void SetParent(byte[] onnx, ModelManifest manifest)
    {
        var path = _folder.Write("parent.onnx", "");
        File.WriteAllBytes(path, onnx);
        _folder.SetParent(path, manifest);
    }

    /// <summary>A parent that is wrong half of the time, and pictures that any network can part.</summary>
    private void AddPictures()
    {
        for (var i = 0; i < 40; i++) _folder.Add(Square(4, 4, 8 + i % 20, (byte)(i % 2 == 0 ? 20 + i : 200 + i)), Classes[i % 2]);
        SetParent(TinyOnnx.MeanColourClassifier(32, 32, [1, 0, 0, 1, 0, 0], [0, 0]), Manifest);
    }

    private static byte[] Square(int x, int y, int side, byte ground = 30)
    {
        var grey = new byte[64 * 64];
        grey.AsSpan().Fill(ground);
        for (var row = y; row < y + side; row++) grey.AsSpan(row * 64 + x, side).Fill((byte)(255 - ground));
        return JpegCodec.Encode(new PictureView(grey, 64, 64, PixelFormat.Grey8));
    }

    private double Right(ModelManifest manifest)
    {
        using var runner = ModelRunner.Open(File.ReadAllBytes(_folder.Result), manifest, new SessionSettings());
        return Enumerable.Range(0, 40).Count(i => runner.Infer(JpegCodec.Decode(Square(4, 4, 8 + i % 20, (byte)(i % 2 == 0 ? 20 + i : 200 + i))).View).Prediction.Class == Classes[i % 2]) / 40.0;
    }

    /// <summary>ONNX Runtime on the delivered model gives what PyTorch gave.</summary>
    private void AssertParity(ModelManifest manifest, params string[] outputs)
    {
        var golden = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(_folder.Out, "golden.json")), ContractsJson.Default.ExportVectors)!;
        using var session = ModelSession.Open(File.ReadAllBytes(_folder.Result), manifest, new SessionSettings());
        Assert.Equal(4, golden.Vectors.Count);
        foreach (var vector in golden.Vectors)
        {
            session.Own.WriteInput(0, Floats(vector.Input));
            session.Run();
            Assert.Equal(outputs, vector.Outputs.Select(output => output.Name));
            foreach (var output in vector.Outputs)
            {
                var expected = Floats(output.File);
                var found = session.Output(output.Name).ToArray();
                Assert.All(found.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, golden.Tolerance));
            }
        }
    }

    private float[] Floats(string file) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(_folder.Out, file))).ToArray();
}
