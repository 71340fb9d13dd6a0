using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision;

public sealed class InferenceSlotTests
{
    private const int Width = 8;
    private const int Height = 4;
    private static readonly SessionSettings Cpu = new(AllowGpu: false);
    private static readonly float[] Weights = [10, 0, 0, 0, 10, 0, 0, 0, 10];

    [Theory]
    [InlineData(-1, true)]
    [InlineData(1, false)]
    public void Pictures_that_share_a_slot_get_the_answers_they_get_alone(int batch, bool batches)
    {
        using var session = ModelSession.Open(Colours(batch), ModelSessionTests.Manifest, Cpu);
        Assert.Equal(batches, session.Batches);
        using var slot = session.CreateSlot(4);
        using var alone = session.CreateSlot();
        var plan = PreprocessPlan.Create(session.Manifest.Input, Width, Height, PixelFormat.Bgr24);
        var pictures = Enumerable.Range(0, 3).Select(channel => Enumerable.Range(0, 3 * Width * Height).Select(i => (byte)(i % 3 == 2 - channel ? 200 : 3 * channel)).ToArray()).ToArray();
        for (var i = 0; i < pictures.Length; i++) plan.Fill(new PictureView(pictures[i], Width, Height, PixelFormat.Bgr24), slot.Input(i));
        slot.Run(pictures.Length);
        for (var i = 0; i < pictures.Length; i++)
        {
            plan.Fill(new PictureView(pictures[i], Width, Height, PixelFormat.Bgr24), alone.Input(0));
            alone.Run();
            Assert.True(alone.TryDecode(plan, 0, out var expected, out _));
            Assert.True(slot.TryDecode(plan, i, out var found, out _));
            Assert.Equal(((string[])["red", "green", "blue"])[i], found.Class);
            Assert.Equal(expected.Confidence, found.Confidence, 1e-6);
            Assert.Equal(alone.Embedding(0).ToArray(), slot.Embedding(i).ToArray());
        }
    }

    [Theory]
    [InlineData(ElementType.Float16, OnnxType.Float16)]
    [InlineData(ElementType.UInt8, OnnxType.UInt8)]
    public void A_model_that_takes_other_numbers_than_float32_sees_the_same_picture(ElementType type, OnnxType code)
    {
        // The graph turns its input to float32 and, for bytes, to 0..1.
        var onnx = new TinyOnnx().Input("images", code, -1, 3, Height, Width).Constant("scale", [type == ElementType.UInt8 ? 1 / 255f : 1], 1).Constant("weights", Weights, 3, 3)
            .Node("Cast", ["images"], "numbers", ("to", 1)).Node("Mul", ["numbers", "scale"], "scaled").Node("GlobalAveragePool", ["scaled"], "pooled")
            .Node("Flatten", ["pooled"], "embedding", ("axis", 1)).Node("MatMul", ["embedding", "weights"], "logits").Output("logits", -1, 3).Output("embedding", -1, 3).Build();
        var manifest = ModelSessionTests.Manifest;
        var input = manifest.Input with { ElementType = type, Std = type == ElementType.UInt8 ? [1, 1, 1] : [255, 255, 255] };
        using var session = ModelRunner.Open(onnx, manifest with { Input = input }, Cpu);
        using var float32 = ModelRunner.Open(Colours(-1), manifest, Cpu);
        var picture = new PictureView(VisionData.Bgr(40, 30), 40, 30, PixelFormat.Bgr24);
        var (expected, found) = (float32.Infer(picture), session.Infer(picture));
        Assert.Equal(expected.Prediction.Class, found.Prediction.Class);
        Assert.Equal(expected.Prediction.Confidence, found.Prediction.Confidence, 0.02);

        var wrong = Assert.Throws<ModelException>(() => ModelSession.Open(onnx, manifest, Cpu));
        Assert.Equal($"The manifest makes the input 'images' Float32; the model wants {type}.", wrong.Message);
    }

    private static byte[] Colours(int batch) => new TinyOnnx().Input("images", batch, 3, Height, Width).Constant("weights", Weights, 3, 3)
        .Node("GlobalAveragePool", ["images"], "pooled").Node("Flatten", ["pooled"], "embedding", ("axis", 1)).Node("MatMul", ["embedding", "weights"], "logits")
        .Output("logits", batch, 3).Output("embedding", batch, 3).Build();
}
