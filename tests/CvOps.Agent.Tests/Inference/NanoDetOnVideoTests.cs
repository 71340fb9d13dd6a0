using System.Globalization;
using System.Text.Json;
using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Agent.Tests.Capture;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Inference;

/// <summary>A detector on a real video, through the agent's own camera and loop, against another implementation's boxes.</summary>
[Trait("tier", "integration")]
public sealed class NanoDetOnVideoTests
{
    [Fact]
    public async Task Bottles_are_found_where_the_reference_found_them()
    {
        var video = TestData.Require("videos", "bottle-detection.mp4");
        var expected = File.ReadLines(TestData.Require("reference-outputs", "bottle-detection.nanodet_m.every10.csv")).Skip(1).Select(line => line.Split(','))
            .GroupBy(cells => long.Parse(cells[0], CultureInfo.InvariantCulture), cells => new Detection(cells[1], Number(cells[2]), Number(cells[3]), Number(cells[4]), Number(cells[5]) - Number(cells[3]), Number(cells[6]) - Number(cells[4])))
            .ToDictionary(group => group.Key, group => group.ToArray());
        var manifest = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(TestData.InRepository("tests", "data", "manifests", "nanodet_m.json"), TestContext.Current.CancellationToken), ContractsJson.Default.ModelManifest)!;
        var model = new LoadedModel(new ModelRef(manifest.Name, manifest.Version, new string('0', 64)),
            ModelSession.Open(await File.ReadAllBytesAsync(TestData.Require("models", "nanodet_m.onnx"), TestContext.Current.CancellationToken), manifest, new SessionSettings(2, AllowGpu: false)), null);

        var sink = new RecordingSink();
        using var slots = new ModelSlots();
        await using var rig = new CameraRig(CameraRig.Options(video, Pace.Fast));
        slots.Activate(model);
        using var picked = new FrameQueue();
        var lane = new CameraLane(rig.Loop.Lane.Options, TimeProvider.System);
        picked.Add(lane);
        using var loop = new InferenceLoop(picked, slots, [sink], new InferenceOptions(), TimeProvider.System, NullLogger<InferenceLoop>.Instance);
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await rig.StartAsync();
        var frames = 0;
        while (true)
        {
            await rig.UntilAsync(camera => rig.Queue.Waiting > 0 || camera.State == CameraState.Finished);
            if (rig.Queue.Waiting == 0) break;
            var frame = rig.Take();
            if (frame.Number % 10 == 0)
            {
                frame.Stamp(lane, frame.Connection, frame.Number, frame.CapturedAt, frame.TimeUncertaintyMs, frame.ReceivedTimestamp);
                picked.Put(frame, TestContext.Current.CancellationToken);
            }
            else frame.Dispose();
            frames++;
        }
        await Eventually.Async(() => lane.Meter.FramesInspected == (frames + 9) / 10, InferenceRig.Deadline, () => $"{lane.Meter.FramesInspected} inspected", TestContext.Current.CancellationToken);
        await loop.StopAsync(CancellationToken.None);

        Assert.Equal(1189, frames);
        var (matched, worstIou, worstScore) = (0, 1.0, 0.0);
        List<string> differences = [];
        foreach (var seen in sink.Seen)
        {
            var found = seen.Prediction.Detections.ToList();
            var wanted = expected.GetValueOrDefault(seen.Number, []);
            foreach (var box in wanted)
            {
                var best = found.Where(other => other.Class == box.Class).MaxBy(other => Iou(box, other));
                if (best is null || Iou(box, best) < 0.9)
                {
                    // A score within 0.02 of the cut may fall on either side of it.
                    if (box.Score > manifest.Decoder.ScoreThreshold + 0.02) differences.Add($"frame {seen.Number}: {box} not found");
                    continue;
                }
                found.Remove(best);
                matched++;
                worstIou = Math.Min(worstIou, Iou(box, best));
                worstScore = Math.Max(worstScore, Math.Abs(best.Score - box.Score));
            }
            differences.AddRange(found.Where(extra => extra.Score > manifest.Decoder.ScoreThreshold + 0.02).Select(extra => $"frame {seen.Number}: {extra} too many"));
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{sink.Seen.Count} frames, {matched} of {expected.Sum(f => f.Value.Length)} boxes matched, least IoU {worstIou:F3}, largest score difference {worstScore:F4}; "
            + $"preprocess {sink.Seen.Average(s => s.Timings.PreprocessMs):F2} ms, inference {sink.Seen.Average(s => s.Timings.InferenceMs):F1} ms, decode {sink.Seen.Average(s => s.Timings.DecodeMs):F2} ms");
        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(matched >= 0.98 * expected.Sum(f => f.Value.Length));
        Assert.True(worstScore <= 0.02, $"a score is off by {worstScore}");
    }

    private static double Iou(Detection a, Detection b)
    {
        var width = Math.Min(a.X + a.Width, b.X + b.Width) - Math.Max(a.X, b.X);
        var height = Math.Min(a.Y + a.Height, b.Y + b.Height) - Math.Max(a.Y, b.Y);
        if (width <= 0 || height <= 0) return 0;
        return width * height / (a.Width * a.Height + b.Width * b.Height - width * height);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
