using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision;

public sealed class ModelSessionTests
{
    private static readonly SessionSettings Cpu = new(AllowGpu: false);
    private static readonly byte[] Model = TinyOnnx.MeanColourClassifier(8, 4, [10, 0, 0, 0, 10, 0, 0, 0, 10], [0, 0, 0]);

    internal static ModelManifest Manifest { get; } = new()
    {
        Name = "colour",
        Version = "1",
        Task = ModelTask.Classification,
        Input = new InputSpec { Name = "images", Width = 8, Height = 4 },
        Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"], Embedding = "embedding" },
        Classes = ["red", "green", "blue"],
        RejectClasses = ["red"],
    };

    [Fact]
    public void A_red_picture_is_red_and_rejected_whatever_the_tensor_is_called_on()
    {
        using var runner = ModelRunner.Open(Model, Manifest, Cpu);
        var red = Enumerable.Repeat(new byte[] { 0, 0, 255 }, 50 * 30).SelectMany(p => p).ToArray();
        var result = runner.Infer(new PictureView(red, 50, 30, PixelFormat.Bgr24));
        Assert.Equal(("red", true), (result.Prediction.Class, result.Prediction.Reject));
        var e10 = Math.Exp(10);
        Assert.Equal(e10 / (e10 + 2), result.Prediction.Confidence, 1e-5);
        Assert.Equal((e10 - 1) / (e10 + 2), result.Prediction.Margin, 1e-5);
        Assert.Equal([1f, 0f, 0f], result.Embedding);
        Assert.Equal("CPU", runner.Session.Provider);
    }

    [Fact]
    public void Probabilities_and_logits_decode_to_the_same_prediction()
    {
        using var logits = ModelRunner.Open(Model, Manifest, Cpu);
        using var probabilities = ModelRunner.Open(Model, Manifest with { Decoder = Manifest.Decoder with { Kind = DecoderKind.Probabilities, Outputs = ["probabilities"] } }, Cpu);
        var picture = new PictureView(VisionData.Bgr(40, 30), 40, 30, PixelFormat.Bgr24);
        var (a, b) = (logits.Infer(picture).Prediction, probabilities.Infer(picture).Prediction);
        Assert.Equal(a.Class, b.Class);
        Assert.Equal(a.Confidence, b.Confidence, 1e-5);
        Assert.Equal(a.Entropy, b.Entropy, 1e-5);
    }

    [Fact]
    public void Without_a_gpu_a_session_that_may_use_one_falls_back_to_the_cpu_and_says_so()
    {
        using var session = ModelSession.Open(Model, Manifest, new SessionSettings());
        Assert.Contains(session.Provider, new[] { "TensorRT", "CUDA", "CPU" });
        session.Run();
        Assert.Equal(1.0, session.Decode(PreprocessPlan.Identity(Manifest.Input)).Entropy, 1e-6);
    }

    [Fact]
    public void Outputs_that_are_not_finite_are_an_error_of_the_frame_and_the_next_frame_is_fine()
    {
        var model = new TinyOnnx().Input("images", 1, 3, 4, 8).Constant("cut", [0.5f], 1)
            .Node("GlobalAveragePool", ["images"], "pooled").Node("Flatten", ["pooled"], "flat", ("axis", 1)).Node("Sub", ["flat", "cut"], "moved").Node("Log", ["moved"], "logits")
            .Output("logits", 1, 3).Build();
        using var session = ModelSession.Open(model, Manifest with { Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"] } }, Cpu);
        var plan = PreprocessPlan.Identity(session.Manifest.Input);
        session.Own.WriteInput(0, Enumerable.Repeat(0.1f, session.InputLength).ToArray());
        session.Run();
        Assert.False(session.TryDecode(plan, out _, out var error));
        Assert.Equal("Output 'logits' of colour 1 is NaN at index 0; the frame has no prediction.", error);
        session.Own.WriteInput(0, Enumerable.Repeat(0.9f, session.InputLength).ToArray());
        session.Run();
        Assert.True(session.TryDecode(plan, out _, out _));
    }

    public static TheoryData<string, byte[], ModelManifest> Mismatches => new()
    {
        { "Not an ONNX model: the 7 bytes are no ONNX protobuf.", "nothing"u8.ToArray(), Manifest },
        { "The manifest's input is 'x'; the model has 'images'.", Model, Manifest with { Input = Manifest.Input with { Name = "x" } } },
        { "The manifest makes the input 'images' [1, 3, 4, 9] (Nchw); the model wants [?, 3, 4, 8].", Model, Manifest with { Input = Manifest.Input with { Width = 9 } } },
        { "The manifest makes the input 'images' [1, 4, 8, 3] (Nhwc); the model wants [?, 3, 4, 8].", Model, Manifest with { Input = Manifest.Input with { Layout = TensorLayout.Nhwc } } },
        { "The manifest names the output 'scores'; the model has 'probabilities', 'logits', 'embedding'.", Model, Manifest with { Decoder = Manifest.Decoder with { Outputs = ["scores"] } } },
        { "The manifest names 2 classes; output 'logits' is [1, 3].", Model, Manifest with { Classes = ["red", "green"] } },
        { "The manifest rejects class 'pink', which is not among its classes.", Model, Manifest with { RejectClasses = ["pink"] } },
        { "The manifest names a class twice.", Model, Manifest with { Classes = ["red", "red", "blue"] } },
        { "The manifest's task is Detection, but its decoder is Logits.", Model, Manifest with { Task = ModelTask.Detection } },
        { "Output 'logits' should be [1, 7, anchors] or [1, anchors, 7] for the manifest's 3 classes; the model gives [1, 3].", Model, Manifest with { Task = ModelTask.Detection, Decoder = new DecoderSpec { Kind = DecoderKind.YoloV8, Outputs = ["logits"] } } },
        { "The ONNX Runtime library /no/such.so does not exist; leave the setting out to use the one that came along.", Model, Manifest with { Name = "library" } },
    };

    [Theory]
    [MemberData(nameof(Mismatches), DisableDiscoveryEnumeration = true)]
    public void A_manifest_that_does_not_fit_is_refused_in_one_sentence(string sentence, byte[] model, ModelManifest manifest)
    {
        var settings = manifest.Name == "library" ? Cpu with { LibraryPath = "/no/such.so" } : Cpu;
        Assert.Equal(sentence, Assert.Throws<ModelException>(() => ModelSession.Open(model, manifest, settings)).Message);
    }

    [Fact]
    public void Golden_vectors_pass_on_their_own_model_and_fail_on_another()
    {
        using var session = ModelSession.Open(Model, Manifest, Cpu);
        var inputs = Enumerable.Range(0, 3).Select(i => Enumerable.Range(0, session.InputLength).Select(j => (float)((i + 1) * j % 17) / 17).ToArray()).ToArray();
        var set = GoldenCheck.Make(session, inputs, 1e-4);
        ReadOnlyMemory<byte> Entry(string name) => set.Entries[name];

        Assert.Equal(new GoldenCheckResult(true, 0, null), GoldenCheck.Run(session, set.Golden, Entry));
        using var other = ModelSession.Open(TinyOnnx.MeanColourClassifier(8, 4, [10, 0, 0, 0, 10, 0, 0, 0, 10], [0, 0.01f, 0]), Manifest, Cpu);
        var result = GoldenCheck.Run(other, set.Golden, Entry);
        Assert.False(result.Passed);
        Assert.Equal("Golden vector 0: output 'logits' is off by 0.01; 0.0001 is allowed.", result.Reason);
        Assert.False(GoldenCheck.Run(session, new GoldenVectors(1, []), Entry).Passed);
        var altered = set.Golden with { Vectors = [set.Golden.Vectors[0] with { Decoded = set.Golden.Vectors[0].Decoded with { Confidence = 0.123 } }] };
        Assert.Contains("the confidence is", GoldenCheck.Run(session, altered, Entry).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Inference_allocates_nothing_but_its_prediction()
    {
        using var session = ModelSession.Open(Model, Manifest, Cpu);
        var plan = PreprocessPlan.Create(Manifest.Input, 64, 48, PixelFormat.I420);
        var pixels = new byte[PictureView.SizeOf(64, 48, PixelFormat.I420)];
        void Once()
        {
            var picture = new PictureView(pixels, 64, 48, PixelFormat.I420);
            plan.Fill(picture, session.Own.Input(0));
            session.Run();
            _ = FrameStatistics.Measure(picture);
        }
        for (var i = 0; i < 50; i++) Once();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Once();
        var perFrame = (GC.GetAllocatedBytesForCurrentThread() - before) / 100.0;
        TestContext.Current.TestOutputHelper?.WriteLine($"{perFrame} bytes a frame");
        Assert.True(perFrame <= 64, $"{perFrame} bytes a frame");
    }
}
