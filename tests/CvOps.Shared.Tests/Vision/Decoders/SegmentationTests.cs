using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision.Decoders;

public sealed class SegmentationTests
{
    private const int Rows = 6;
    private const int Columns = 8;

    // Columns 0-3 good, 4-6 rust, 7 dent in the lower three rows and good in the upper.
    private static readonly int[] Pixels = [.. Enumerable.Range(0, Rows * Columns).Select(i => i % Columns < 4 ? 0 : i % Columns < 7 ? 1 : i / Columns < 3 ? 0 : 2)];

    public static TheoryData<DecoderKind, RigOutput, float[]> Forms => new()
    {
        { DecoderKind.ClassMap, new("map", [1, Rows, Columns], Integer: true), [.. Pixels.Select(pixel => (float)pixel)] },
        { DecoderKind.ClassMap, new("map", [1, 1, Rows, Columns]), [.. Pixels.Select(pixel => (float)pixel)] },
        { DecoderKind.Segmentation, new("map", [1, 3, Rows, Columns]), [.. Enumerable.Range(0, 3).SelectMany(c => Pixels.Select(pixel => pixel == c ? 1.5f : -0.5f - c))] },
        { DecoderKind.Segmentation, new("map", [1, Rows, Columns, 3]), [.. Pixels.SelectMany(pixel => Enumerable.Range(0, 3).Select(c => pixel == c ? 1.5f : -0.5f - c))] },
    };

    [Theory]
    [MemberData(nameof(Forms), DisableDiscoveryEnumeration = true)]
    public void Each_class_has_the_part_of_the_picture_it_covers(DecoderKind kind, RigOutput output, float[] numbers)
    {
        using var rig = new OutputRig(Manifest(kind), output);
        for (var frame = 0; frame < 2; frame++)
        {
            var prediction = rig.Decode(numbers);
            Assert.Equal([new ClassArea("good", 27 / 48.0), new ClassArea("rust", 18 / 48.0), new ClassArea("dent", 3 / 48.0)], prediction.Areas);
            Assert.Equal(("good", false, 27 / 48.0), (prediction.Class, prediction.Reject, prediction.Confidence));
            Assert.Equal(0.1 - 3 / 48.0, prediction.Margin, 1e-9);
            Assert.Equal(0.787, prediction.Entropy, 1e-3);
        }
    }

    [Theory]
    [InlineData(0.06, true)]
    [InlineData(0.0625, false)]
    public void A_part_is_rejected_when_a_reject_class_covers_more_than_the_area_allowed(double allowed, bool reject)
    {
        var manifest = Manifest(DecoderKind.ClassMap);
        using var rig = new OutputRig(manifest with { Decoder = manifest.Decoder with { RejectArea = allowed } }, new RigOutput("map", [1, Rows, Columns]));
        var prediction = rig.Decode([.. Pixels.Select(pixel => (float)pixel)]);
        Assert.Equal((reject, reject ? "dent" : "good"), (prediction.Reject, prediction.Class));
        Assert.Equal(reject ? 3 / 48.0 : 27 / 48.0, prediction.Confidence);
    }

    [Fact]
    public void Padding_is_no_part_of_the_picture()
    {
        using var rig = new OutputRig(Manifest(DecoderKind.ClassMap), new RigOutput("map", [1, Rows, Columns]));
        // A picture half as high as wide lies in the middle three of six rows.
        rig.Plan = PreprocessPlan.Create(rig.Session.Manifest.Input with { Resize = ResizeMode.LetterboxCentre }, 128, 64, PixelFormat.Grey8);
        var areas = rig.Decode([.. Enumerable.Range(0, Rows * Columns).Select(i => i / Columns is < 1 or > 4 ? 2f : i / Columns == 2 ? 1f : 0f)]).Areas!;
        Assert.DoesNotContain(areas, area => area.Class == "dent");
        Assert.Equal(1, areas.Sum(area => area.Fraction), 1e-12);
    }

    [Fact]
    public void The_largest_score_counts_in_wide_maps_as_in_a_plain_loop()
    {
        const int classes = 5, rows = 9, columns = 611;
        var random = new Random(4);
        var scores = Enumerable.Range(0, classes * rows * columns).Select(_ => random.NextSingle()).ToArray();
        var expected = new int[classes];
        for (var i = 0; i < rows * columns; i++) expected[Enumerable.Range(0, classes).MaxBy(c => scores[c * rows * columns + i])]++;
        var manifest = OutputRig.Manifest(ModelTask.Segmentation, new DecoderSpec { Kind = DecoderKind.Segmentation, Outputs = ["map"] }, [.. Enumerable.Range(0, classes).Select(c => $"c{c}")], side: 128);
        using var rig = new OutputRig(manifest, new RigOutput("map", [1, classes, rows, columns]));
        Assert.Equal(expected.Select(count => count / (double)(rows * columns)), rig.Decode(scores).Areas!.Select(area => area.Fraction));
    }

    [Fact]
    public void One_channel_of_probabilities_is_cut_at_the_threshold()
    {
        var manifest = OutputRig.Manifest(ModelTask.Segmentation, new DecoderSpec { Kind = DecoderKind.Segmentation, Outputs = ["map"], ScoreThreshold = 0.25, RejectArea = 0 }, ["good", "crack"], ["crack"]);
        using var rig = new OutputRig(manifest, new RigOutput("map", [1, 1, 2, 2]));
        Assert.Equal([new ClassArea("good", 0.75), new ClassArea("crack", 0.25)], rig.Decode([0.1f, 0.2f, 0.3f, 0]).Areas);
        Assert.False(rig.Decode([0.1f, 0.2f, 0.2f, 0]).Reject);
    }

    [Fact]
    public void A_class_beyond_the_manifest_leaves_the_picture_without_a_prediction()
    {
        using var rig = new OutputRig(Manifest(DecoderKind.ClassMap), new RigOutput("map", [1, Rows, Columns]));
        Assert.Equal("Output 'map' names class 9; the manifest's 3 classes end at 2. The frame has no prediction.",
            Assert.Throws<ModelException>(() => rig.Decode([9, .. new float[Rows * Columns - 1]])).Message);
        Assert.Equal([new ClassArea("good", 1)], rig.Decode(new float[Rows * Columns]).Areas);
    }

    [Theory]
    [MemberData(nameof(Forms), DisableDiscoveryEnumeration = true)]
    public void A_decode_allocates_nothing(DecoderKind kind, RigOutput output, float[] numbers)
    {
        using var rig = new OutputRig(Manifest(kind), output);
        Assert.Equal(0, rig.BytesOver(1000, numbers));
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_both_sides()
    {
        string Refusal(ModelManifest manifest, params long[] shape) => Assert.Throws<ModelException>(() => new OutputRig(manifest, new RigOutput("map", shape))).Message;
        var scores = Manifest(DecoderKind.Segmentation);
        Assert.Equal("Output 'map' should be [1, 3, height, width] or [1, height, width, 3] for the manifest's 3 classes; the model gives [1, 4, 6, 8].", Refusal(scores, 1, 4, 6, 8));
        Assert.Equal("Output 'map' should be class numbers, [1, height, width] or [1, 1, height, width]; the model gives [1, 3, 6, 8].", Refusal(Manifest(DecoderKind.ClassMap), 1, 3, 6, 8));
        Assert.Equal("The manifest has classes that reject a part, but no rejectArea says how much of the picture one of them may cover.", Refusal(scores with { Decoder = scores.Decoder with { RejectArea = null } }, 1, 3, 6, 8));
        Assert.Equal("The manifest's rejectArea is 2; it is a fraction of the picture, 0 to 1.", Refusal(scores with { Decoder = scores.Decoder with { RejectArea = 2 } }, 1, 3, 6, 8));
        Assert.Equal("The manifest's task is Detection, but its decoder is Segmentation.", Refusal(scores with { Task = ModelTask.Detection }, 1, 3, 6, 8));
    }

    private static ModelManifest Manifest(DecoderKind kind) =>
        OutputRig.Manifest(ModelTask.Segmentation, new DecoderSpec { Kind = kind, Outputs = ["map"], RejectArea = 0.1 }, ["good", "rust", "dent"], ["dent"]);
}
