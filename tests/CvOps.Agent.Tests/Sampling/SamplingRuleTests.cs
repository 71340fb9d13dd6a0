using CvOps.Agent.Sampling;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Sampling;

public sealed class SamplingRuleTests
{
    private const double Nothing = double.NaN;

    [Fact]
    public void Uncertainty_is_0_for_the_sure_and_1_for_the_undecided()
    {
        var sure = new Prediction { Class = "a", Confidence = 1, Margin = 1, Entropy = 0 };
        var undecided = new Prediction { Class = "a", Confidence = 0.25, Margin = 0, Entropy = 1 };
        Assert.Equal((0, 0, 0), (LeastConfidenceRule.Score(sure, ModelTask.Classification, 4), MarginRule.Score(sure, ModelTask.Classification), EntropyRule.Score(sure)));
        Assert.Equal((1, 1, 1), (LeastConfidenceRule.Score(undecided, ModelTask.Classification, 4), MarginRule.Score(undecided, ModelTask.Classification), EntropyRule.Score(undecided)));
        Assert.Equal(0, LeastConfidenceRule.Score(undecided, ModelTask.Detection, 4));
        Assert.Equal(0, LeastConfidenceRule.Score(undecided, ModelTask.Classification, 1));
    }

    [Fact]
    public void A_detector_that_found_nothing_has_nothing_to_be_unsure_of()
    {
        Assert.Equal(0, MarginRule.Score(new Prediction(), ModelTask.Detection));
        Assert.Equal(0.95, MarginRule.Score(new Prediction { Class = "a", Margin = 0.05, Detections = [new("a", 0.45, 0, 0, 1, 1)] }, ModelTask.Detection), 1e-12);
    }

    [Fact]
    public void Numbers_that_are_none_are_wanted_by_no_rule()
    {
        var nan = new Prediction { Class = "a", Confidence = Nothing, Margin = Nothing, Entropy = Nothing };
        Assert.Equal(0, LeastConfidenceRule.Score(nan, ModelTask.Classification, 4));
        Assert.Equal(0, MarginRule.Score(nan, ModelTask.Classification));
        Assert.Equal(0, EntropyRule.Score(nan));
        Assert.Equal(0, NearThresholdRule.Score(Nothing, 0.4));
        Assert.Equal(0, NoveltyRule.AgainstReference(Nothing));
        Assert.Equal(0, NoveltyRule.AgainstSent(Nothing, Nothing));
        Assert.Equal(0, NoveltyRule.AgainstSent(0.1, 0));
        Assert.Equal(0, OutOfDomainRule.Score(Nothing, 0, 1, 0.1));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.3, 0)]
    [InlineData(0.35, 0.5)]
    [InlineData(0.3999, 0.999)]
    public void A_box_just_below_the_cut_is_wanted_more_the_nearer_it_is(double near, double score) => Assert.Equal(score, NearThresholdRule.Score(near, 0.4), 1e-9);

    [Theory]
    [InlineData(2, 0)]
    [InlineData(1, 0.5)]
    [InlineData(0, 0.667)]
    [InlineData(6, 0.5)]
    [InlineData(14, 0.9)]
    public void A_count_outside_its_range_is_wanted(int count, double score)
    {
        Assert.Equal(score, DetectionCountRule.Score(count, 2, 5), 1e-3);
        Assert.Equal(0, DetectionCountRule.Score(count, null, null));
    }

    [Fact]
    public void A_class_is_rare_when_much_was_seen_and_little_of_it()
    {
        Assert.Equal(0, RareClassRule.Score(0, 0, 4));
        Assert.Equal(0, RareClassRule.Score(25, 100, 4));
        Assert.InRange(RareClassRule.Score(0, 1000, 4), 0.99, 1);
        Assert.InRange(RareClassRule.Score(0, 4, 4), 0.4, 0.6);
        Assert.Equal(0, RareClassRule.Score(0, 1000, 1));
    }

    [Fact]
    public void Outside_the_range_of_the_reference_is_out_of_domain_even_when_the_reference_was_constant()
    {
        Assert.Equal(0, OutOfDomainRule.Score(100, 90, 110, 1));
        Assert.Equal(0.5, OutOfDomainRule.Score(112, 90, 110, 1), 1e-12);
        Assert.Equal(0, OutOfDomainRule.Score(100, 100, 100, 1));
        Assert.InRange(OutOfDomainRule.Score(103, 100, 100, 1), 0.9, 1);
    }

    [Fact]
    public void Novelty_is_half_at_the_typical_distance()
    {
        Assert.Equal((0, 0.5), (NoveltyRule.AgainstSent(0, 0.1), Math.Round(NoveltyRule.AgainstSent(0.1, 0.1), 12)));
        Assert.Equal((0, 0, 1), (NoveltyRule.AgainstReference(1), NoveltyRule.AgainstReference(1.5), NoveltyRule.AgainstReference(3)));
    }

    [Fact]
    public void An_object_that_changes_its_class_or_shows_once_contradicts_itself()
    {
        var memory = new TrackMemory();
        (int, int) Look(params (long Track, string Class)[] boxes) =>
            memory.Look(new Prediction { Detections = [.. boxes.Select(box => new Detection(box.Class, 0.9, 0, 0, 1, 1) { Track = box.Track })] }, null);
        Assert.Equal((0, 0), Look((1, "a"), (2, "b")));
        Assert.Equal((1, 1), Look((1, "b")));
        Assert.Equal((0, 0), Look((1, "b")));
        Assert.Equal((0, 0), Look());
        Assert.Equal((1, 0), Look((1, "a")));
        memory.Clear();
        Assert.Equal((0, 0), Look((1, "b")));
        Assert.Equal((1, 0.7, 0), (TemporalRule.Score(1, 0), TemporalRule.Score(0, 2), TemporalRule.Score(0, 0)));
    }

    [Fact]
    public void A_part_whose_views_get_two_answers_contradicts_itself()
    {
        var memory = new TrackMemory();
        Assert.Equal((0, 0), memory.Look(new Prediction { Class = "ok" }, "p1"));
        Assert.Equal((1, 0), memory.Look(new Prediction { Class = "crack" }, "p1"));
        Assert.Equal((0, 0), memory.Look(new Prediction { Class = "ok" }, "p2"));
        Assert.Equal((0, 0), memory.Look(new Prediction { Class = "crack" }, null));
    }

    [Fact]
    public void The_hash_sees_through_noise_and_size_and_tells_pictures_apart()
    {
        var random = new Random(5);
        byte[] Grey(int width, int height, Func<double, double, double> picture, int noise) =>
            [.. from y in Enumerable.Range(0, height) from x in Enumerable.Range(0, width) select (byte)Math.Clamp(picture((double)x / width, (double)y / height) + random.Next(-noise, noise + 1), 0, 255)];
        ulong Hash(int width, int height, Func<double, double, double> picture, int noise) => PerceptualHash.Of(new PictureView(Grey(width, height, picture, noise), width, height, PixelFormat.Grey8));
        static double One(double x, double y) => 120 + 80 * Math.Sin(9 * x) * Math.Cos(7 * y);
        static double Other(double x, double y) => 120 + 80 * Math.Cos(11 * x + 6 * y);
        Assert.True(NearDuplicateRule.IsNear(Hash(320, 240, One, 0), Hash(320, 240, One, 6), 6));
        Assert.True(NearDuplicateRule.IsNear(Hash(320, 240, One, 0), Hash(640, 480, One, 0), 6));
        Assert.False(NearDuplicateRule.IsNear(Hash(320, 240, One, 0), Hash(320, 240, Other, 0), 15));
        Assert.Equal(0UL, Hash(64, 48, (_, _) => 90, 0));
        Assert.Equal(0UL, PerceptualHash.Of(new PictureView(new byte[3], 1, 1, PixelFormat.Bgr24)));
    }

    [Fact]
    public void The_crop_holds_every_box_and_stays_in_the_picture()
    {
        Assert.Null(CropRule.Of(new Prediction(), 100, 80));
        Assert.Equal(new FrameCrop(6, 17, 48, 36), CropRule.Of(new Prediction { Detections = [new("a", 1, 10, 20, 10, 10), new("a", 1, 40, 40, 10, 10)] }, 100, 80));
        Assert.Equal(new FrameCrop(0, 0, 100, 80), CropRule.Of(new Prediction { Detections = [new("a", 1, 0, 0, 100, 80) { Angle = 0.3 }] }, 100, 80));
    }
}
