using System.Globalization;
using CvOps.Agent.Drift.Compare;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Drift;

/// <summary>
/// What really happens to pictures of a steel line, from recorded data: which changes are seen, which cause they get, and what the model's accuracy did
/// meanwhile. A camera's own first frames are the reference, as the fleet has it.
/// </summary>
public sealed class RealDriftTests(ITestOutputHelper output)
{
    private static readonly ModelManifest Manifest = new()
    {
        Format = 1, Name = "neu-classifier", Version = "2", Task = ModelTask.Classification,
        Input = new InputSpec { Name = "images", Width = 96, Height = 96, Channels = ChannelOrder.Grey, Resize = ResizeMode.Stretch, Mean = [0, 0, 0], Std = [255, 255, 255] },
        Decoder = new DecoderSpec { Kind = DecoderKind.Probabilities, Outputs = ["probabilities"], Embedding = "embedding" },
        Classes = ["crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"],
    };

    private static readonly ModelManifest TileManifest = new()
    {
        Name = "tiles", Version = "1", Task = ModelTask.Anomaly, Classes = ["free", "defect"], RejectClasses = ["defect"],
        Input = new InputSpec { Name = "images", Width = 224, Height = 224, Channels = ChannelOrder.Bgr, Mean = [104, 117, 123], Std = [1, 1, 1] },
        Decoder = new DecoderSpec { Kind = DecoderKind.AnomalyMap, Outputs = ["score", "anomaly_map"], Anomaly = new AnomalySpec(20, 12, 37) },
    };

    [Fact]
    public void Changes_that_matter_are_seen_with_their_cause_and_harmless_ones_are_not()
    {
        using var model = ModelRunner.Open(File.ReadAllBytes(TestData.Require("models", "neu_classifier_v2.onnx")), Manifest, new SessionSettings(AllowGpu: false));
        var (first, second) = Halves();
        var reference = See(model, first, picture => picture).World;
        output.WriteLine("| change | accuracy | moved | cause |");
        output.WriteLine("| --- | --- | --- | --- |");
        foreach (var (name, pictures, change, cause) in Cases(first, second))
        {
            var (world, accuracy) = See(model, pictures, change);
            var comparison = WorldComparison.Of(reference, world, "line");
            var moved = string.Join(", ", comparison.Covariates.Where(c => c.Moved).Select(c => $"{c.Covariate} {(c.Mean < c.ReferenceMean ? "-" : "+")}"));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {accuracy:0.00} | {moved} | {comparison.Cause?.Name ?? "-"} |"));
            Assert.Equal((name, cause), (name, comparison.Cause?.Name ?? ""));
        }
    }

    [Fact]
    public void A_model_that_is_worse_and_surer_is_no_drift_of_the_pictures()
    {
        using var good = ModelRunner.Open(File.ReadAllBytes(TestData.Require("models", "neu_classifier_v1.onnx")), Manifest, new SessionSettings(AllowGpu: false));
        using var worse = ModelRunner.Open(File.ReadAllBytes(TestData.Require("models", "neu_classifier_v3_regressed.onnx")), Manifest, new SessionSettings(AllowGpu: false));
        var (first, second) = Halves();
        var (goodWorld, goodAccuracy) = See(good, second, picture => picture);
        var (worseWorld, worseAccuracy) = See(worse, second, picture => picture);

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"accuracy {goodAccuracy:0.00} and {worseAccuracy:0.00}, confidence {Confidence(goodWorld):0.000} and {Confidence(worseWorld):0.000}"));
        Assert.True(worseAccuracy < goodAccuracy - 0.15);
        Assert.True(Confidence(worseWorld) > Confidence(goodWorld));
        // Held against its own reference, as the fleet does it, the worse model sees the world it knows: labels tell, and the comparison of the two.
        var comparison = WorldComparison.Of(See(worse, first, picture => picture).World, worseWorld, "line");
        Assert.DoesNotContain(comparison.Covariates, covariate => covariate.Moved);
        Assert.Null(comparison.Cause);
    }

    [Fact]
    public void Tiles_under_another_lamp_move_and_other_tiles_under_the_same_lamp_do_not()
    {
        using var model = ModelRunner.Open(File.ReadAllBytes(TestData.Require("models", "mt_patchcore_anomaly.onnx")), TileManifest, new SessionSettings(AllowGpu: false));
        var reference = See(model, Tiles(3, 0), picture => picture).World;
        foreach (var (exposure, cause) in new[] { (3, ""), (1, "ageing-lamp"), (2, "exposure"), (4, "exposure"), (5, "exposure"), (6, "exposure") })
        {
            var world = See(model, Tiles(exposure, 1), picture => picture).World;
            var comparison = WorldComparison.Of(reference, world, "tiles");
            var moved = string.Join(", ", comparison.Covariates.Where(c => c.Moved).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Covariate} {c.ReferenceMean:0.00} to {c.Mean:0.00}")));
            output.WriteLine($"| lamp {exposure} | {world.Frames.Count} | {moved} | {comparison.Cause?.Name ?? "-"} |");
            Assert.Equal((exposure, cause), (exposure, comparison.Cause?.Name ?? ""));
        }
    }

    /// <summary>Every second part number of one lamp's pictures.</summary>
    private static List<(string Class, DecodedPicture Picture)> Tiles(int exposure, int rest) =>
    [
        .. File.ReadLines(TestData.Require("magnetic-tile", "labels.csv")).Skip(1).Select(line => line.Split(',')).Where(row => row[5] == $"{exposure}" && int.Parse(row[7], CultureInfo.InvariantCulture) % 2 == rest)
            .Select(row => (row[1], JpegCodec.Decode(File.ReadAllBytes(TestData.Require("magnetic-tile", row[0]))))),
    ];

    private static IEnumerable<(string Name, List<(string Class, DecodedPicture Picture)> Pictures, Func<DecodedPicture, DecodedPicture> Change, string Cause)> Cases(
        List<(string Class, DecodedPicture Picture)> first, List<(string Class, DecodedPicture Picture)> second)
    {
        var chance = new Random(5);
        yield return ("none: other parts", second, p => p, "");
        yield return ("mirrored", second, p => Distortion.Mirror(p), "");
        yield return ("brightness jitter of 4", second, p => Distortion.Linear(p, 1, 8 * chance.NextDouble() - 4), "");
        yield return ("blur, sigma 2", second, p => Distortion.Blur(p, 2), "dirty-lens-or-focus");
        yield return ("contrast 40 %", second, p => Distortion.Stretch(p, 0.4), "dirty-lens-or-focus");
        yield return ("noise, sigma 20", second, p => Distortion.Noise(p, 20, chance), "sensor-noise");
        yield return ("lamp at 55 %", second, p => Distortion.Linear(p, 0.55, 0), "ageing-lamp");
        yield return ("over-exposed by 70", second, p => Distortion.Linear(p, 1, 70), "exposure");
        yield return ("JPEG of quality 5", second, p => JpegCodec.Decode(JpegCodec.Encode(p.View, 5)), "dirty-lens-or-focus");
        yield return ("turned by 90 degrees", second, p => Distortion.Turn(p), "");
        yield return ("one class only", [.. second.Where(p => p.Class == "scratches"), .. first.Where(p => p.Class == "scratches")], p => p, "new-product");
        yield return ("black pictures", second, p => Distortion.Linear(p, 0, 0), "broken-stream");
    }

    private static double Confidence(SeenWorld world) => world.Frames.Average(frame => frame.Prediction.Confidence);

    private static (SeenWorld World, double Accuracy) See(ModelRunner model, List<(string Class, DecodedPicture Picture)> pictures, Func<DecodedPicture, DecodedPicture> change)
    {
        var (world, right) = (new SeenWorld(), 0);
        foreach (var (name, original) in pictures)
        {
            var picture = change(original);
            var result = model.Infer(picture.View);
            world.Frames.Add(new SeenFrame(result.Statistics, result.Prediction, result.Embedding, picture.Width, picture.Height));
            if (result.Prediction.Class == name) right++;
        }
        return (world, (double)right / pictures.Count);
    }

    /// <summary>Pictures the model never saw, val and test, in two halves of the same mix.</summary>
    private static (List<(string Class, DecodedPicture Picture)> First, List<(string Class, DecodedPicture Picture)> Second) Halves()
    {
        var files = new[] { "val", "test" }.SelectMany(split => Directory.EnumerateFiles(TestData.Require("neu-det", "images", split), "*.jpg", SearchOption.AllDirectories)).Order(StringComparer.Ordinal).ToArray();
        List<(string, DecodedPicture)> Read(int rest) => [.. files.Where((_, i) => i % 2 == rest).Select(file => (Path.GetFileName(Path.GetDirectoryName(file))!, JpegCodec.Decode(File.ReadAllBytes(file))))];
        return (Read(0), Read(1));
    }
}
