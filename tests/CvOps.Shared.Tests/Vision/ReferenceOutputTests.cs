using System.Text.Json;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision;

/// <summary>Our tensors and predictions against those of another implementation (OpenCV 4.6), from manifests alone.</summary>
public sealed class ReferenceOutputTests
{
    [Theory]
    [InlineData("neu_classifier_v1")]
    [InlineData("neu_classifier_v2")]
    [InlineData("neu_classifier_v3_regressed")]
    [InlineData("squeezenet1.1_imagenet_fp32")]
    public void Classifiers_give_the_reference_tensor_probabilities_and_embedding(string model)
    {
        using var session = VisionData.Open(model);
        var pictures = model.StartsWith("neu", StringComparison.Ordinal) ? "neu-det" : "reference-outputs";
        foreach (var entry in VisionData.Reference(model).GetProperty("images").EnumerateArray())
        {
            var plan = Fill(session, VisionData.Picture(TestData.Require(pictures, entry.GetProperty("image").GetString()!)), entry);
            session.Run();
            var prediction = session.Decode(plan);

            var top = entry.GetProperty("top5").EnumerateArray().ToArray();
            var probabilities = session.Output("probabilities").ToArray();
            var order = Enumerable.Range(0, probabilities.Length).OrderByDescending(i => probabilities[i]).Take(5);
            Assert.Equal(top.Select(t => t.GetProperty("index").GetInt32()), order);
            Assert.All(top, t => Assert.Equal(t.GetProperty("probability").GetDouble(), probabilities[t.GetProperty("index").GetInt32()], 1e-4));
            Assert.Equal(session.Manifest.Classes[top[0].GetProperty("index").GetInt32()], prediction.Class);

            var uncertainty = entry.GetProperty("uncertainty");
            Assert.Equal(uncertainty.GetProperty("normalised_entropy").GetDouble(), prediction.Entropy, 1e-4);
            Assert.Equal(uncertainty.GetProperty("margin_top1_top2").GetDouble(), prediction.Margin, 1e-4);
            Assert.Equal(session.Manifest.RejectClasses.Contains(prediction.Class), prediction.Reject);

            var embedding = entry.GetProperty("embedding").GetProperty("values").EnumerateArray().Select(v => v.GetDouble()).ToArray();
            Assert.Equal(embedding.Length, session.Embedding.Length);
            for (var i = 0; i < embedding.Length; i++) Assert.Equal(embedding[i], session.Embedding[i], 1e-3);
        }
    }

    [Fact]
    public void NanoDet_gives_the_reference_tensor_and_boxes()
    {
        using var session = VisionData.Open("nanodet_m");
        foreach (var entry in VisionData.Reference("nanodet_m").GetProperty("images").EnumerateArray())
        {
            var plan = Fill(session, VisionData.Picture(TestData.Require("reference-outputs", entry.GetProperty("image").GetString()!)), entry);
            session.Run();
            var prediction = session.Decode(plan);

            var expected = entry.GetProperty("detections").EnumerateArray().ToArray();
            Assert.Equal(expected.Length, prediction.Detections.Count);
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i].GetProperty("label").GetString(), prediction.Detections[i].Class);
                Assert.Equal(expected[i].GetProperty("score").GetDouble(), prediction.Detections[i].Score, 0.005);
                var box = expected[i].GetProperty("box_xyxy").EnumerateArray().Select(v => v.GetDouble()).ToArray();
                AssertBox(box, prediction.Detections[i]);
            }
            Assert.Equal(prediction.Detections.Any(d => session.Manifest.RejectClasses.Contains(d.Class)), prediction.Reject);
        }
    }

    private static PreprocessPlan Fill(ModelSession session, DecodedPicture picture, JsonElement entry)
    {
        var plan = PreprocessPlan.Create(session.Manifest.Input, picture.Width, picture.Height, PixelFormat.Bgr24);
        plan.Fill(picture.View, session.Own.Input(0));
        var filled = session.Own.ReadInput(0);
        var tensor = entry.GetProperty("input_tensor");
        if (tensor.TryGetProperty("file", out var file))
        {
            var expected = VisionData.Tensor(file.GetString()!);
            Assert.Equal(expected.Length, session.InputLength);
            var worst = 0f;
            for (var i = 0; i < expected.Length; i++) worst = Math.Max(worst, Math.Abs(expected[i] - filled[i]));
            Assert.True(worst <= 1e-5, $"{file.GetString()}: a tensor value is off by {worst}");
        }
        var sum = 0.0;
        foreach (var value in filled) sum += value;
        Assert.Equal(tensor.GetProperty("sum").GetDouble(), sum, Math.Abs(tensor.GetProperty("sum").GetDouble()) * 1e-5);
        return plan;
    }

    private static void AssertBox(double[] xyxy, Detection found)
    {
        Assert.Equal(xyxy[0], found.X, 1.0);
        Assert.Equal(xyxy[1], found.Y, 1.0);
        Assert.Equal(xyxy[2], found.X + found.Width, 1.0);
        Assert.Equal(xyxy[3], found.Y + found.Height, 1.0);
    }
}
