using System.Text.Json;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision.Decoders;

namespace CvOps.Shared.Tests.Vision.Decoders;

public sealed class BoxSuppressionTests
{
    [Fact]
    public void Random_boxes_are_kept_as_OpenCV_keeps_them()
    {
        using var reference = JsonDocument.Parse(File.ReadAllBytes(TestData.InRepository("tests", "data", "decoders", "nms-opencv.json")));
        var threshold = reference.RootElement.GetProperty("scoreThreshold").GetDouble();
        foreach (var entry in reference.RootElement.GetProperty("cases").EnumerateArray())
        {
            var numbers = entry.GetProperty("boxes").EnumerateArray().Select(number => number.GetSingle()).ToArray();
            var scores = entry.GetProperty("scores").EnumerateArray().Select(number => number.GetSingle()).ToArray();
            var boxes = new BoxCandidates();
            for (var i = 0; i < scores.Length; i++)
            {
                if (scores[i] > threshold) boxes.Add(numbers[4 * i], numbers[4 * i + 1], numbers[4 * i] + numbers[4 * i + 2], numbers[4 * i + 1] + numbers[4 * i + 3], scores[i], i % 5, 0, i);
            }
            var kept = new BoxSuppression(new(NmsMode.Agnostic, entry.GetProperty("iou").GetDouble())).Keep(boxes);
            Assert.Equal(entry.GetProperty("kept").EnumerateArray().Select(index => index.GetInt32()), kept.ToArray().Select(place => boxes.Anchor[place]));
        }
    }

    [Theory]
    [InlineData(NmsMode.PerClass)]
    [InlineData(NmsMode.Agnostic)]
    public void No_two_kept_boxes_overlap_too_much_and_none_goes_without_one_that_does(NmsMode mode)
    {
        var random = new Random(11);
        var suppression = new BoxSuppression(new(mode, 0.5));
        for (var round = 0; round < 100; round++)
        {
            var boxes = new BoxCandidates();
            for (var i = 0; i < 120; i++)
            {
                var (x, y) = (random.Next(80), random.Next(80));
                boxes.Add(x, y, x + 1 + random.Next(40), y + 1 + random.Next(40), random.NextSingle(), random.Next(3), 0, i);
            }
            var kept = suppression.Keep(boxes).ToArray();
            Assert.Equal(kept.OrderByDescending(place => boxes.Score[place]), kept);
            bool Rivals(int a, int b) => (mode == NmsMode.Agnostic || boxes.Class[a] == boxes.Class[b]) && Iou(boxes, a, b) > 0.5;
            foreach (var place in Enumerable.Range(0, boxes.Count).Except(kept)) Assert.Contains(kept, other => boxes.Score[other] >= boxes.Score[place] && Rivals(other, place));
            foreach (var place in kept) Assert.DoesNotContain(kept, other => other != place && Rivals(other, place));
        }
    }

    [Fact]
    public void Equal_scores_keep_their_order_and_only_the_surest_come_through()
    {
        var boxes = new BoxCandidates();
        for (var i = 0; i < 50; i++) boxes.Add(100 * i, 0, 100 * i + 10, 10, i % 2 == 0 ? 0.5f : 0.75f, 0, 0, i);
        Assert.Equal([1, 3, 5], new BoxSuppression(new(NmsMode.PerClass, 0.5, Most: 3)).Keep(boxes).ToArray());
        Assert.Equal([.. Enumerable.Range(0, 25).Select(i => 2 * i + 1), 0, 2], new BoxSuppression(new(NmsMode.None, 0.5, TopK: 27)).Keep(boxes).ToArray());
    }

    [Fact]
    public void Boxes_without_area_overlap_nothing()
    {
        var boxes = new BoxCandidates();
        for (var i = 0; i < 3; i++) boxes.Add(0, 0, 0, 0, 0.5f, 0, 0, i);
        Assert.Equal(3, new BoxSuppression(new(NmsMode.PerClass, 0)).Keep(boxes).Length);
    }

    private static double Iou(BoxCandidates boxes, int a, int b)
    {
        var width = Math.Min(boxes.Right[a], boxes.Right[b]) - (double)Math.Max(boxes.Left[a], boxes.Left[b]);
        var height = Math.Min(boxes.Bottom[a], boxes.Bottom[b]) - (double)Math.Max(boxes.Top[a], boxes.Top[b]);
        if (width <= 0 || height <= 0) return 0;
        double Area(int i) => (boxes.Right[i] - (double)boxes.Left[i]) * (boxes.Bottom[i] - (double)boxes.Top[i]);
        return width * height / (Area(a) + Area(b) - width * height);
    }
}
