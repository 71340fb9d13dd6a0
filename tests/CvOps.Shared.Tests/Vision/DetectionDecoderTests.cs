using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision;

public sealed class DetectionDecoderTests
{
    [Fact]
    public void YoloV8_boxes_are_cut_suppressed_by_class_and_mapped_to_the_picture()
    {
        // Rows: centre x, centre y, width, height, score of a, score of b; columns are anchors.
        float[] output =
        [
            20, 21, 20, 60,
            20, 20, 20, 40,
            10, 10, 10, 20,
            10, 10, 10, 20,
            0.9f, 0.8f, 0.1f, 0.2f,
            0.1f, 0.1f, 0.7f, 0.3f,
        ];
        var model = new TinyOnnx().Input("images", 1, 3, 64, 64).Constant("boxes", output, 1, 6, 4).Constant("zero", [0], 1)
            .Node("ReduceMean", ["images"], "mean", ("keepdims", 0)).Node("Mul", ["mean", "zero"], "nothing").Node("Add", ["boxes", "nothing"], "output0")
            .Output("output0", 1, 6, 4).Build();
        var manifest = new ModelManifest
        {
            Name = "yolo",
            Version = "1",
            Task = ModelTask.Detection,
            Input = new InputSpec { Name = "images", Width = 64, Height = 64, Resize = ResizeMode.LetterboxCentre },
            Decoder = new DecoderSpec { Kind = DecoderKind.YoloV8, Outputs = ["output0"], ScoreThreshold = 0.4, IouThreshold = 0.5 },
            Classes = ["a", "b"],
            RejectClasses = ["b"],
        };
        using var runner = ModelRunner.Open(model, manifest, new SessionSettings(AllowGpu: false));
        // 128 x 64 into 64 x 64: half the size, 16 rows of padding above.
        var prediction = runner.Infer(new PictureView(new byte[128 * 64], 128, 64, PixelFormat.Grey8)).Prediction;
        Assert.Equal(["a", "b"], prediction.Detections.Select(d => d.Class));
        Assert.Equal((30, 0, 20, 18), (prediction.Detections[0].X, prediction.Detections[0].Y, prediction.Detections[0].Width, prediction.Detections[0].Height));
        Assert.Equal(("a", true), (prediction.Class, prediction.Reject));
        Assert.Equal(0.9, prediction.Confidence, 1e-6);
        Assert.Equal(0.3, prediction.Margin, 1e-6);
    }

    [Fact]
    public void Suppression_keeps_no_two_boxes_of_a_class_that_overlap_too_much_and_loses_none_that_do_not()
    {
        var random = new Random(11);
        for (var round = 0; round < 100; round++)
        {
            var boxes = new BoxList();
            List<BoxList.Box> all = [];
            for (var i = 0; i < 60; i++)
            {
                var (x, y) = (random.Next(80), random.Next(80));
                all.Add(new(random.Next(3), random.NextSingle(), x, y, x + 1 + random.Next(40), y + 1 + random.Next(40)));
            }
            all.ForEach(box => boxes.Add(box));
            var kept = boxes.Suppress(0.5);
            foreach (var box in all.Except(kept)) Assert.Contains(kept, other => other.Class == box.Class && other.Score >= box.Score && BoxList.Iou(other, box) > 0.5);
            foreach (var box in kept) Assert.DoesNotContain(kept, other => other != box && other.Class == box.Class && BoxList.Iou(other, box) > 0.5);
        }
    }
}
