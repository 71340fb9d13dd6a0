using System.Globalization;
using System.Text.Json;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Offline;

/// <summary>Real models on real pictures, from their manifests alone, against what is known of them.</summary>
[Trait("tier", "integration")]
public sealed class OfflineModelsTests : IDisposable
{
    private readonly OfflineRig _rig = new();

    [Fact]
    public async Task A_detector_finds_on_a_video_what_the_reference_found() => await CompareWithReference(51);

    [Fact]
    [Trait("tier", "slow")]
    public async Task A_detector_finds_on_a_whole_video_what_the_reference_found() => await CompareWithReference(1189);

    [Fact]
    public async Task A_classifier_is_as_accurate_on_a_folder_of_pictures_as_is_documented_of_it()
    {
        var images = TestData.Require("neu-det", "images", "test");
        using var metrics = JsonDocument.Parse(await File.ReadAllBytesAsync(TestData.Require("models", "neu_metrics.json"), TestContext.Current.CancellationToken));
        var documented = metrics.RootElement.GetProperty("v2").GetProperty("test");

        var ended = await _rig.RunAsync(TestData.Require("models", "neu_classifier_v2.onnx"), images, "--manifest", OfflineRig.Manifest("neu_classifier_v2"), "--out", _rig.Folder["a.jsonl"]);

        Assert.True(ended.Code == 0, ended.Error);
        var lines = OfflineRig.Lines(_rig.Folder["a.jsonl"]);
        Assert.Equal(documented.GetProperty("n").GetInt32(), lines.Count);
        var right = lines.Count(line => Path.GetDirectoryName(line.GetProperty("file").GetString()) == line.GetProperty("prediction").GetProperty("class").GetString());
        TestContext.Current.TestOutputHelper?.WriteLine($"{right} of {lines.Count} right, documented {documented.GetProperty("accuracy").GetDouble():0.0000}");
        Assert.Equal(documented.GetProperty("accuracy").GetDouble(), right / (double)lines.Count, 1e-9);
    }

    [Fact]
    public async Task Threads_and_batches_change_no_class_and_the_last_digits_at_most()
    {
        string[] run = [TestData.Require("models", "neu_classifier_v2.onnx"), TestData.Require("neu-det", "images", "val"), "--manifest", OfflineRig.Manifest("neu_classifier_v2"), "--frames", "60"];
        var plain = await Confidences([.. run, "--threads", "1"]);
        foreach (var other in (string[][])[["--threads", "2"], ["--threads", "3", "--batch", "7"], ["--batch", "16"]])
        {
            var changed = await Confidences([.. run, .. other]);
            Assert.Equal(plain.Select(line => line.Class), changed.Select(line => line.Class));
            Assert.All(plain.Zip(changed), pair => Assert.Equal(pair.First.Confidence, pair.Second.Confidence, 1e-4));
        }
    }

    [Fact]
    public async Task Saved_frames_show_each_box_in_its_place_and_only_chooses_among_them()
    {
        string[] run = [TestData.Require("models", "nanodet_m.onnx"), TestData.Require("videos", "bottle-detection.mp4"), "--manifest", OfflineRig.Manifest("nanodet_m"), "--frames", "2"];

        Assert.Equal(0, (await _rig.RunAsync([.. run, "--out", _rig.Folder["a.jsonl"], "--save-frames", _rig.Folder["all"]])).Code);
        Assert.Equal(0, (await _rig.RunAsync([.. run, "--save-frames", _rig.Folder["errors"], "--only", "errors"])).Code);

        Assert.Empty(Directory.EnumerateFiles(_rig.Folder["errors"]));
        Assert.Equal(["00000000.jpg", "00000001.jpg"], Directory.EnumerateFiles(_rig.Folder["all"]).Select(Path.GetFileName).Order());
        var picture = JpegCodec.Decode(await File.ReadAllBytesAsync(_rig.Folder["all", "00000001.jpg"], TestContext.Current.CancellationToken));
        Assert.Equal((640, 360), (picture.Width, picture.Height));
        var boxes = OfflineRig.Lines(_rig.Folder["a.jsonl"])[1].GetProperty("prediction").GetProperty("detections").EnumerateArray().Where(box => box.GetProperty("class").GetString() == "bottle").ToArray();
        Assert.Equal(3, boxes.Length);
        foreach (var box in boxes)
        {
            var (left, middle) = ((int)Math.Round(box.GetProperty("x").GetDouble()), (int)(box.GetProperty("y").GetDouble() + box.GetProperty("height").GetDouble() / 2));
            // The first and last columns of the box are of one bright colour, its neighbours are the bottle's and the wall's.
            Assert.True(Saturation(picture, left, middle) > 150, $"no border at {left}, {middle}");
            Assert.True(Saturation(picture, left - 3, middle) < 100, $"drawn outside of {left}, {middle}");
        }
    }

    [Fact]
    public async Task Only_rejects_are_saved_by_their_own_names()
    {
        string[] run = [TestData.Require("models", "neu_classifier_v2.onnx"), TestData.Require("neu-det", "images", "val"), "--manifest", OfflineRig.Manifest("neu_classifier_v2")];

        Assert.Equal(0, (await _rig.RunAsync([.. run, "--out", _rig.Folder["a.jsonl"], "--save-frames", _rig.Folder["rejects"], "--only", "rejects"])).Code);

        var rejects = OfflineRig.Lines(_rig.Folder["a.jsonl"]).Where(line => line.GetProperty("prediction").GetProperty("reject").GetBoolean()).Select(line => line.GetProperty("file").GetString()!).ToArray();
        Assert.NotEmpty(rejects);
        Assert.Equal(rejects.Order(StringComparer.Ordinal), Directory.EnumerateFiles(_rig.Folder["rejects"], "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_rig.Folder["rejects"], file)).Order(StringComparer.Ordinal));
    }

    public void Dispose() => _rig.Dispose();

    private async Task CompareWithReference(int frames)
    {
        var reference = File.ReadLines(TestData.Require("reference-outputs", "bottle-detection.nanodet_m.every10.csv")).Skip(1).Select(line => line.Split(','))
            .Where(cells => int.Parse(cells[0], CultureInfo.InvariantCulture) < frames)
            .ToLookup(cells => int.Parse(cells[0], CultureInfo.InvariantCulture), cells => new Detection(cells[1], Number(cells[2]), Number(cells[3]), Number(cells[4]), Number(cells[5]) - Number(cells[3]), Number(cells[6]) - Number(cells[4])));
        var manifest = OfflineRig.Manifest("nanodet_m");
        var threshold = JsonDocument.Parse(await File.ReadAllBytesAsync(manifest, TestContext.Current.CancellationToken)).RootElement.GetProperty("decoder").GetProperty("scoreThreshold").GetDouble();

        var ended = await _rig.RunAsync(TestData.Require("models", "nanodet_m.onnx"), TestData.Require("videos", "bottle-detection.mp4"), "--manifest", manifest, "--frames", $"{frames}", "--out", _rig.Folder["a.jsonl"]);

        Assert.True(ended.Code == 0, ended.Error);
        var lines = OfflineRig.Lines(_rig.Folder["a.jsonl"]);
        Assert.Equal(frames, lines.Count);
        List<string> differences = [];
        var matched = 0;
        for (var frame = 0; frame < frames; frame += 10)
        {
            var found = lines[frame].GetProperty("prediction").GetProperty("detections").Deserialize(Contracts.ContractsJson.Default.IReadOnlyListDetection)!.ToList();
            foreach (var box in reference[frame])
            {
                var same = found.Find(other => other.Class == box.Class && Math.Abs(other.Score - box.Score) <= 0.02 && Iou(box, other) >= 0.9);
                if (same is not null && found.Remove(same)) matched++;
                // A score within 0.02 of the cut may fall on either side of it.
                else if (box.Score > threshold + 0.02) differences.Add($"frame {frame}: {box} not found");
            }
            differences.AddRange(found.Where(extra => extra.Score > threshold + 0.02).Select(extra => $"frame {frame}: {extra} too many"));
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{matched} of {reference.Sum(boxes => boxes.Count())} boxes matched on {(frames + 9) / 10} frames");
        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(matched >= 0.98 * reference.Sum(boxes => boxes.Count()));
    }

    private async Task<(string? Class, double Confidence)[]> Confidences(string[] run)
    {
        Assert.Equal(0, (await _rig.RunAsync([.. run, "--out", _rig.Folder["c.jsonl"]])).Code);
        return [.. OfflineRig.Lines(_rig.Folder["c.jsonl"]).Select(line => line.GetProperty("prediction")).Select(it => (it.GetProperty("class").GetString(), it.GetProperty("confidence").GetDouble()))];
    }

    private static int Saturation(DecodedPicture picture, int x, int y)
    {
        var pixel = picture.Bgr.AsSpan(3 * (y * picture.Width + x), 3).ToArray();
        return pixel.Max() - pixel.Min();
    }

    private static double Iou(Detection a, Detection b)
    {
        var width = Math.Min(a.X + a.Width, b.X + b.Width) - Math.Max(a.X, b.X);
        var height = Math.Min(a.Y + a.Height, b.Y + b.Height) - Math.Max(a.Y, b.Y);
        return width <= 0 || height <= 0 ? 0 : width * height / (a.Width * a.Height + b.Width * b.Height - width * height);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
