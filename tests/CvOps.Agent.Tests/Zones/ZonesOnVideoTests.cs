using System.Text.Json;
using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Agent.Tests.Capture;
using CvOps.Agent.Tests.Inference;
using CvOps.Agent.Tracking;
using CvOps.Agent.Zones;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Zones;

/// <summary>A worker walks through a hall: real camera, real detector, the agent's own loop.</summary>
[Trait("tier", "integration")]
public sealed class ZonesOnVideoTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_worker_crosses_the_line_once_and_dwells_beyond_it()
    {
        var video = TestData.Require("videos", "worker-zone-preview.mp4");
        var manifest = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(TestData.InRepository("tests", "data", "manifests", "nanodet_m.json"), Token), ContractsJson.Default.ModelManifest)!;
        var model = new LoadedModel(new ModelRef(manifest.Name, manifest.Version, new string('0', 64)),
            ModelSession.Open(await File.ReadAllBytesAsync(TestData.Require("models", "nanodet_m.onnx"), Token), manifest, new SessionSettings(2, AllowGpu: false)), null);
        var reports = new List<ZoneReport>();
        var zones = new ZoneSink([new ZonesOptions
        {
            Camera = new CameraId("cam"), Interval = TimeSpan.FromHours(1),
            Areas = [new AreaOptions { Name = "left", Polygon = [new() { X = 0, Y = 0 }, new() { X = 0.43, Y = 0 }, new() { X = 0.43, Y = 1 }, new() { X = 0, Y = 1 }] }],
            Lines = [new LineOptions { Name = "gate", From = new() { X = 0.43, Y = 1 }, To = new() { X = 0.43, Y = 0 }, Classes = ["person"] }],
        }], reports.Add, TimeProvider.System);
        var seen = new RecordingSink();
        using var slots = new ModelSlots();
        await using var rig = new CameraRig(CameraRig.Options(video, Pace.Fast));
        slots.Activate(model);
        using var loop = new InferenceLoop(rig.Queue, slots, [new TrackingSink([new TrackingOptions { Camera = new CameraId("cam") }]), zones, seen], new InferenceOptions(), TimeProvider.System, NullLogger<InferenceLoop>.Instance);
        await loop.StartAsync(Token);
        await rig.StartAsync();
        await Eventually.Async(() => seen.Seen.Count == 71, InferenceRig.Deadline, () => $"{seen.Seen.Count} frames; {rig.Describe()}", Token);
        await loop.StopAsync(CancellationToken.None);
        zones.Dispose();

        Assert.Equal([1L], seen.Seen.SelectMany(it => it.Prediction.Detections).Where(it => it.Track is not null).Select(it => it.Track!.Value).Distinct());
        var report = Assert.Single(reports);
        Assert.Equal((71, new LineCount("gate", "person", 0, 1)), (report.Frames, Assert.Single(report.Lines)));
        var zone = Assert.Single(report.Zones);
        Assert.Equal(("left", "person", 1), (zone.Zone, zone.Class, zone.Entered));
    }
}
