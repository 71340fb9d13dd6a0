using System.Text.Json;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Decoders;

namespace CvOps.Shared.Tests.Vision.Decoders;

public sealed class RotatedBoxTests
{
    [Fact]
    public void Overlap_is_what_counting_points_says()
    {
        var random = new Random(5);
        double Between(double low, double high) => low + (high - low) * random.NextDouble();
        RotatedBox Any() => new(Between(40, 60), Between(40, 60), Between(5, 50), Between(5, 50), Between(-4, 4));
        for (var round = 0; round < 60; round++)
        {
            var (a, b) = (Any(), Any());
            int both = 0, either = 0;
            for (var y = 0.125; y < 100; y += 0.25)
            {
                for (var x = 0.125; x < 100; x += 0.25)
                {
                    var (inA, inB) = (Holds(a, x, y), Holds(b, x, y));
                    both += inA && inB ? 1 : 0;
                    either += inA || inB ? 1 : 0;
                }
            }
            Assert.Equal(both / (double)either, RotatedBox.Iou(a, b), 0.01);
            Assert.Equal(RotatedBox.Iou(a, b), RotatedBox.Iou(b, a), 1e-9);
            Assert.Equal(1, RotatedBox.Iou(a, a with { Angle = a.Angle + Math.PI }), 1e-9);
        }
        Assert.Equal(0, RotatedBox.Iou(new(0, 0, 10, 10, 0.3), new(50, 0, 10, 10, 0)));
        Assert.Equal(0, RotatedBox.Iou(new(0, 0, 10, 0, 0.3), new(0, 0, 10, 0, 0.3)));
        // A cross of two 4 x 2 boxes: 4 shared of 12.
        Assert.Equal(1 / 3.0, RotatedBox.Iou(new(5, 5, 4, 2, 0), new(5, 5, 4, 2, Math.PI / 2)), 1e-12);
    }

    [Fact]
    public void Random_boxes_are_kept_as_overlaps_by_OpenCV_keep_them()
    {
        using var reference = JsonDocument.Parse(File.ReadAllBytes(TestData.InRepository("tests", "data", "decoders", "nms-rotated-opencv.json")));
        var threshold = reference.RootElement.GetProperty("scoreThreshold").GetDouble();
        foreach (var entry in reference.RootElement.GetProperty("cases").EnumerateArray())
        {
            var numbers = entry.GetProperty("boxes").EnumerateArray().Select(number => number.GetSingle()).ToArray();
            var scores = entry.GetProperty("scores").EnumerateArray().Select(number => number.GetSingle()).ToArray();
            var boxes = new BoxCandidates();
            for (var i = 0; i < scores.Length; i++)
            {
                var box = numbers.AsSpan(5 * i, 5);
                if (scores[i] > threshold) boxes.Add(box[0] - box[2] / 2, box[1] - box[3] / 2, box[0] + box[2] / 2, box[1] + box[3] / 2, scores[i], i % 5, 0, i, box[4] * MathF.PI / 180);
            }
            var kept = new RotatedSuppression(new(NmsMode.Agnostic, entry.GetProperty("iou").GetDouble())).Keep(boxes);
            Assert.Equal(entry.GetProperty("kept").EnumerateArray().Select(index => index.GetInt32()), kept.ToArray().Select(place => boxes.Anchor[place]));
        }
    }

    // Centre x, centre y, width, height, scores of a and b, angle. Across each other the boxes overlap by a third, along each other by nearly all.
    private static readonly float[] Boxes =
    [
        32, 32, 40, 10, 0.9f, 0, MathF.PI / 4,
        32, 32, 40, 10, 0.8f, 0, 3 * MathF.PI / 4 - 0.01f,
        32, 32, 40, 11, 0.7f, 0, -3 * MathF.PI / 4,
        32, 32, 40, 11, 0, 0.6f, MathF.PI / 4,
    ];

    [Fact]
    public void Oriented_boxes_are_suppressed_as_they_lie_and_turn_clockwise()
    {
        using var rig = Rig();
        var found = rig.Decode(Boxes).Detections;
        Assert.Equal([("a", 0.9f), ("a", 0.8f), ("b", 0.6f)], found.Select(d => (d.Class, (float)d.Score)));
        Assert.Equal(Math.PI / 4, found[0].Angle!.Value, 1e-6);
        Assert.Equal(-Math.PI / 4 - 0.01, found[1].Angle!.Value, 1e-6);
        Assert.Equal((12, 27, 40, 10), (Math.Round(found[0].X, 3), Math.Round(found[0].Y, 3), Math.Round(found[0].Width, 3), Math.Round(found[0].Height, 3)));
    }

    [Fact]
    public void A_picture_twice_as_wide_turns_an_oriented_box_towards_the_x_axis()
    {
        using var rig = Rig();
        rig.Plan = PreprocessPlan.Create(rig.Session.Manifest.Input, 128, 64, PixelFormat.Grey8);
        var found = rig.Decode(Boxes).Detections[0];
        Assert.Equal(Math.Atan2(1, 2), found.Angle!.Value, 1e-6);
        Assert.Equal((64, 32), (Math.Round(found.X + found.Width / 2, 3), Math.Round(found.Y + found.Height / 2, 3)));
        Assert.Equal(40 * Math.Sqrt(2.5), found.Width, 1e-4);
        Assert.Equal(10 * Math.Sqrt(2.5), found.Height, 1e-4);
    }

    [Fact]
    public void A_decode_allocates_nothing()
    {
        using var rig = Rig();
        Assert.Equal(0, rig.BytesOver(1000, Boxes));
    }

    private static OutputRig Rig() => new(
        OutputRig.Manifest(ModelTask.Detection, new DecoderSpec { Kind = DecoderKind.YoloObb, Outputs = ["output0"], ScoreThreshold = 0.4, IouThreshold = 0.5 }, ["a", "b"]),
        new RigOutput("output0", [1, 4, 7]));

    private static bool Holds(RotatedBox box, double x, double y)
    {
        var (dx, dy) = (x - box.X, y - box.Y);
        var (sin, cos) = Math.SinCos(box.Angle);
        return Math.Abs(dx * cos + dy * sin) <= box.Width / 2 && Math.Abs(dy * cos - dx * sin) <= box.Height / 2;
    }
}
