using System.Globalization;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Shared.Tests.Vision.Decoders;

public sealed class AnomalyTests
{
    private static readonly AnomalySpec Spec = new(Threshold: 20, Lowest: 10, Highest: 50, MapThreshold: 15);

    // 4 x 4 over 64 x 64: a region of three places with its peak in the middle of the left column, another of one place that only touches at a corner.
    private static readonly float[] Map = [0, 0, 0, 0, 16, 0, 0, 0, 30, 15, 0, 0, 0, 0, 25, 0];

    [Fact]
    public void Regions_over_the_threshold_are_boxes_with_their_peak()
    {
        using var rig = Rig(withScore: true);
        rig.Plan = PreprocessPlan.Create(rig.Session.Manifest.Input, 128, 64, PixelFormat.Grey8);
        var prediction = rig.Decode([28], Map);
        Assert.Equal(("bad", true, 28.0), (prediction.Class, prediction.Reject, prediction.AnomalyScore));
        Assert.Equal(0.7, prediction.Confidence, 1e-9);
        Assert.Equal(0.4, prediction.Margin, 1e-9);
        Assert.Equal(0.881, prediction.Entropy, 1e-3);
        Assert.Equal([(0, 16, 64, 32, 0.75f), (64, 48, 32, 16, 0.625f)], prediction.Detections.Select(d => (d.X, d.Y, d.Width, d.Height, (float)d.Score)));
        Assert.Equal([16, 40, 0.75], prediction.Detections[0].Keypoints!);
        Assert.Equal([80, 56, 0.625], prediction.Detections[1].Keypoints!);
    }

    [Fact]
    public void A_good_picture_is_normal_and_the_map_alone_is_enough()
    {
        using var rig = Rig(withScore: false);
        var good = rig.Decode(new float[16]);
        Assert.Equal(("good", false, 0.0), (good.Class, good.Reject, good.AnomalyScore));
        Assert.Empty(good.Detections);
        Assert.Equal(1, good.Confidence);
        Assert.Equal(30, rig.Decode(Map).AnomalyScore);
        Assert.Equal(15, rig.Decode([15, .. new float[15]]).AnomalyScore);
    }

    [Fact]
    public void What_lies_in_the_padding_is_not_looked_at()
    {
        using var rig = Rig(withScore: false);
        rig.Plan = PreprocessPlan.Create(rig.Session.Manifest.Input with { Resize = ResizeMode.LetterboxCentre }, 64, 32, PixelFormat.Grey8);
        Assert.Equal("good", rig.Decode([99, 99, 99, 99, .. new float[8], 99, 99, 99, 99]).Class);
        Assert.Equal("bad", rig.Decode([.. new float[4], 99, .. new float[11]]).Class);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_decode_allocates_nothing(bool withScore)
    {
        using var rig = Rig(withScore);
        Assert.Equal(0, withScore ? rig.BytesOver(1000, [28], Map) : rig.BytesOver(1000, Map));
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_both_sides()
    {
        string Refusal(ModelManifest manifest, params RigOutput[] outputs) => Assert.Throws<ModelException>(() => new OutputRig(manifest, outputs)).Message;
        var manifest = Manifest(withScore: true);
        RigOutput score = new("score", [1]), map = new("map", [1, 1, 4, 4]);
        Assert.Equal("Output 'score' should be a score, [1]; the model gives [1, 3].", Refusal(manifest, new RigOutput("score", [1, 3]), map));
        Assert.Equal("Output 'map' should be a map, [1, 1, height, width] or [1, height, width]; the model gives [1, 3, 4, 4].", Refusal(manifest, score, new RigOutput("map", [1, 3, 4, 4])));
        Assert.Equal("An anomaly model has two classes, normal and anomalous in this order; the manifest names 1.", Refusal(manifest with { Classes = ["bad"] }, score, map));
        Assert.Equal("An anomaly model needs the manifest's anomaly, where normal ends; the manifest has none.", Refusal(manifest with { Decoder = manifest.Decoder with { Anomaly = null } }, score, map));
        Assert.Equal("The manifest's anomaly has threshold 20, lowest 50 and highest 50; all must be finite and highest above lowest.", Refusal(manifest with { Decoder = manifest.Decoder with { Anomaly = Spec with { Lowest = 50 } } }, score, map));
    }

    [Fact]
    public void PatchCore_finds_broken_tiles_and_points_at_the_break()
    {
        // The threshold lies between the scores of good and of broken tiles.
        var manifest = new ModelManifest
        {
            Name = "tiles", Version = "1", Task = ModelTask.Anomaly, Classes = ["free", "defect"], RejectClasses = ["defect"],
            Input = new InputSpec { Name = "images", Width = 224, Height = 224, Channels = ChannelOrder.Bgr, Mean = [104, 117, 123], Std = [1, 1, 1] },
            Decoder = new DecoderSpec { Kind = DecoderKind.AnomalyMap, Outputs = ["score", "anomaly_map"], Anomaly = new AnomalySpec(20, 12, 37) },
        };
        using var runner = ModelRunner.Open(File.ReadAllBytes(TestData.Require("models", "mt_patchcore_anomaly.onnx")), manifest, new SessionSettings(AllowGpu: false));
        var rows = File.ReadLines(TestData.Require("magnetic-tile", "labels.csv")).Select(line => line.Split(',')).ToArray();
        int Column(string name) => Array.IndexOf(rows[0], name);
        var (free, broken, found, pointed) = (new List<double>(), new List<double>(), 0, 0);
        foreach (var row in rows.Where(row => row[Column("split")] == "val"))
        {
            var @class = row[Column("class")];
            if (@class is not ("free" or "break") || (@class == "free" && free.Count == 30)) continue;
            var prediction = runner.Infer(JpegCodec.Decode(File.ReadAllBytes(TestData.Require("magnetic-tile", row[Column("file")]))).View).Prediction;
            Assert.Equal(runner.Session.Output("score")[0], prediction.AnomalyScore!.Value);
            Assert.Equal(prediction.AnomalyScore >= 20, prediction.Reject);
            (@class == "free" ? free : broken).Add(prediction.AnomalyScore.Value);
            if (@class != "break" || prediction.Detections.Count == 0) continue;
            found++;
            var box = row[Column("defect_bbox_xyxy")].Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray();
            var (x, y) = (prediction.Detections[0].Keypoints![0], prediction.Detections[0].Keypoints![1]);
            pointed += x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3] ? 1 : 0;
        }
        // What the model's author measured: good tiles have a median of 14.6.
        Assert.Equal(14.6, free.Order().ElementAt(free.Count / 2), 1.5);
        Assert.True(broken.Order().ElementAt(broken.Count / 2) > 25);
        Assert.True(found >= 12 && pointed >= found - 2, $"{found} of {broken.Count} found, {pointed} where the break is");
    }

    private static ModelManifest Manifest(bool withScore) => OutputRig.Manifest(ModelTask.Anomaly,
        new DecoderSpec { Kind = DecoderKind.AnomalyMap, Outputs = withScore ? ["score", "map"] : ["map"], Anomaly = Spec }, ["good", "bad"], ["bad"]);

    private static OutputRig Rig(bool withScore)
    {
        RigOutput score = new("score", [1]), map = new("map", [1, 1, 4, 4]);
        return withScore ? new(Manifest(withScore), score, map) : new(Manifest(withScore), map);
    }
}
