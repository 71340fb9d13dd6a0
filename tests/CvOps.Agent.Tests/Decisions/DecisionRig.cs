using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Agent.Capture;
using CvOps.Agent.Decisions;
using CvOps.Agent.Inference;
using CvOps.Agent.Tests.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Simulator.Drawing;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Decisions;

/// <summary>The line's own model, packed and signed, over drawn parts through the agent's loop; decisions are recorded as on a device.</summary>
internal sealed class DecisionRig : IAsyncDisposable
{
    private const int Width = 320;
    private const int Height = 240;

    private readonly ECDsa _key = SigningKeys.Create();
    private readonly FramePool _pool = new();
    private readonly FrameQueue _queue = new();
    private readonly ModelSlots _slots = new();
    private readonly CameraLane _lane = new(new CameraOptions { Id = new CameraId("cam-1"), Url = "none", Pace = Pace.Fast }, TimeProvider.System);
    private readonly LinePicture _drawing = new(Width, Height);
    private readonly InferenceLoop _loop;

    public DecisionRig(DecisionsKept keep = DecisionsKept.Rejects, int batch = 1)
    {
        Inference = new InferenceOptions { Gpu = false, Batch = batch, WaitsForFullBatch = batch > 1 };
        Package = Pack("v1");
        var package = PackageReader.Open(Package);
        Directory.CreateDirectory(Folder["data", "models"]);
        File.Copy(Package, Folder["data", "models", package.Digest + ".cvmodel"]);
        _slots.Activate(new LoadedModel(package.Ref, ModelSession.Open(package.Onnx, package.Manifest, Inference.Settings), package.Profile));
        Sink = new DecisionSink(keep);
        Log = new DecisionLog(Records, 1 << 30);
        Loop = new DecisionLoop(Sink, Log, new DeviceId("press-1"), Inference, NullLogger<DecisionLoop>.Instance);
        _queue.Add(_lane);
        _loop = new InferenceLoop(_queue, _slots, [Sink, Seen], Inference, TimeProvider.System, NullLogger<InferenceLoop>.Instance);
    }

    public TestFolder Folder { get; } = new();

    public InferenceOptions Inference { get; }

    public string Records => Folder["data", "decisions"];

    /// <summary>The model in charge.</summary>
    public string Package { get; }

    public DecisionSink Sink { get; }

    public DecisionLog Log { get; }

    public DecisionLoop Loop { get; }

    public RecordingSink Seen { get; } = new();

    public IReadOnlyList<string> Files => [.. Directory.EnumerateFiles(Records, "*.decision").Order(StringComparer.Ordinal)];

    /// <summary>Inspects parts with serials from 1, and waits until what is to be recorded is.</summary>
    public async Task InspectAsync(int parts)
    {
        var cancel = TestContext.Current.CancellationToken;
        await Loop.StartAsync(cancel);
        await _loop.StartAsync(cancel);
        for (var serial = 1; serial <= parts; serial++)
        {
            var frame = _pool.Rent(Width, Height, "test");
            _drawing.Draw(PartRecipe.For(1, "line-1", (uint)serial, Product.Default, 0.6f), LineCondition.New, frame.Pixels[.._drawing.Bytes]);
            frame.Stamp(_lane, 1, serial, DateTimeOffset.UnixEpoch.AddSeconds(serial), 1, TimeProvider.System.GetTimestamp());
            _queue.Put(frame, cancel);
            // One after the other: this is about records, not about what happens when the disk cannot follow.
            if (serial % Inference.Batch != 0) continue;
            await Eventually.Async(() => Seen.Seen.Count == serial && Sink.Dropped + Loop.Written + Loop.Failed == Kept(), InferenceRig.Deadline, () => $"{Seen.Seen.Count} inspected, {Loop.Written} written of {Kept()}", cancel);
        }
    }

    /// <summary>A package of the line's model under another version.</summary>
    public string Pack(string version)
    {
        var path = Folder[$"{version}.cvmodel"];
        var folder = Path.Combine(AppContext.BaseDirectory, "model");
        var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, "manifest.json")), ContractsJson.Default.ModelManifest)!;
        manifest = manifest with { Version = version, Input = version == "v1" ? manifest.Input : manifest.Input with { Std = [250, 250, 250] } };
        PackageBuilder.Build(path, manifest, File.ReadAllBytes(Path.Combine(folder, "line-v1.onnx")), [], _key);
        return path;
    }

    /// <returns>Path of an agent's configuration on this state folder.</returns>
    public string Configure(int threads = 1)
    {
        var path = Folder["agent.yaml"];
        File.WriteAllText(path, $"""
            site: plant
            device: press-1
            data: '{Folder["data"]}'
            link:
              brokers: ['mqtt://127.0.0.1:1883']
            cameras:
              - id: cam-1
                url: rtsp://10.0.0.1/stream
            inference:
              gpu: false
              threads: {threads}
            """);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.StopAsync(CancellationToken.None);
        await Loop.StopAsync(CancellationToken.None);
        _loop.Dispose();
        Loop.Dispose();
        Sink.Dispose();
        _queue.Dispose();
        _slots.Dispose();
        _key.Dispose();
        Folder.Dispose();
    }

    private int Kept() => Seen.Seen.Count(it => Sink.Keep == DecisionsKept.Every || it.Error is not null || it.Prediction.Reject);
}
