using System.Diagnostics;
using System.Text.Json;
using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Drift;
using CvOps.Agent.Inference;
using CvOps.Agent.Link;
using CvOps.Agent.Reports;
using CvOps.Agent.Sampling;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CvOps.Benchmarks;

/// <summary>
/// Frames a second of the agent's whole path from a decoded frame on (preprocess, run, decode, statistics, sampling, drift windows, spool on
/// disk, QoS 1 to a broker on loopback) over runs a second of the bare session, same model, same thread count, rounds interleaved.
/// </summary>
internal static class PipelineBench
{
    private const int Width = 640;
    private const int Height = 480;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);
    private const int Rounds = 5;

    public static async Task RunAsync()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "model");
        var line = JsonSerializer.Deserialize(await File.ReadAllTextAsync(Path.Combine(folder, "manifest.json")), ContractsJson.Default.ModelManifest)!;
        var figures = new List<Figure> { await MeasureAsync("line classifier", File.ReadAllBytes(Path.Combine(folder, "line-v1.onnx")), line, 0.90) };
        if (Environment.GetEnvironmentVariable(TestData.Variable) is { } data)
        {
            var classes = await File.ReadAllLinesAsync(Path.Combine(data, "models", "coco.names"));
            var nanodet = new ModelManifest
            {
                Name = "nanodet-m", Version = "1", Task = ModelTask.Detection, Classes = classes,
                Input = new InputSpec { Name = "input.1", Width = 416, Height = 416, Channels = ChannelOrder.Bgr, Resize = ResizeMode.LetterboxCentre, Pad = 0, Mean = [103.53, 116.28, 123.675], Std = [57.375, 57.12, 58.395] },
                Decoder = new DecoderSpec { Kind = DecoderKind.NanoDet, Outputs = ["792", "814", "836", "795", "817", "839"], Strides = [8, 16, 32] },
            };
            figures.Add(await MeasureAsync("NanoDet 416", File.ReadAllBytes(Path.Combine(data, "models", "nanodet_m.onnx")), nanodet, 0.97));
        }
        else Console.WriteLine($"{TestData.Variable} is not set: only the small model is measured.");
        FigureTable.Publish("pipeline", figures);
    }

    private static async Task<Figure> MeasureAsync(string name, byte[] onnx, ModelManifest manifest, double bound)
    {
        await using var broker = await TestBroker.StartAsync();
        using var folder = new TestFolder();
        var options = new AgentOptions
        {
            Site = new SiteId("bench"), Device = new DeviceId("bench"), Data = folder.Path, Cameras = [new CameraOptions { Id = new CameraId("cam"), Url = "bench", Pace = Pace.Fast }],
            Link = new LinkOptions { Brokers = [$"mqtt://127.0.0.1:{broker.Port}"] },
        };
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(options).AddSingleton(TimeProvider.System).AddSingleton(new Random(1)).AddSingleton(new Topics(options.Site, options.Device))
            .AddSpool(options).AddSingleton<FrameQueue>().AddSingleton<FramePool>().AddInference(options.Inference)
            .AddSingleton<IInspectedFrameSink, InspectionPublisher>().AddSampling(options).AddDrift(options)
            .AddSingleton<FleetInbox>()
            .AddSingleton<IFleetLink>(provider => new MqttFleetLink(options.Link, options.Site, options.Device, provider.GetRequiredService<FleetInbox>(),
                () => new DeviceStatus(options.Device, Connectivity.Online, 1, "bench"), () => 0.5, TimeProvider.System, provider.GetRequiredService<Microsoft.Extensions.Logging.ILogger<MqttFleetLink>>()))
            .AddHostedService<LinkLoop>().AddHostedService<UplinkLoop>();
        using var host = builder.Build();

        var lane = new CameraLane(options.Cameras[0], TimeProvider.System);
        var queue = host.Services.GetRequiredService<FrameQueue>();
        queue.Add(lane);
        var pool = host.Services.GetRequiredService<FramePool>();
        var settings = new SessionSettings(Threads: 1, AllowGpu: false);
        var session = ModelSession.Open(onnx, manifest, settings);
        using var bare = ModelSession.Open(onnx, manifest, settings);
        host.Services.GetRequiredService<ModelSlots>().Activate(new LoadedModel(new ModelRef(manifest.Name, manifest.Version, new string('0', 64)), session, Profile(session)));

        await host.StartAsync();
        var ratios = new List<double>();
        var number = 0L;
        for (var round = -1; round < Rounds; round++)
        {
            var raw = Rate(bare.Run);
            var pipeline = Rate(() => Put(queue, pool, lane, number++), drain: () => lane.Meter.FramesInspected, () => number);
            Console.WriteLine($"{name}: round {round + 1}, bare session {raw:0.0} runs/s, agent {pipeline:0.0} frames/s{(round < 0 ? " (warm-up)" : "")}");
            if (round >= 0) ratios.Add(pipeline / raw);
        }
        await host.StopAsync();
        return Figure.AtLeast($"pipeline FPS / bare ONNX Runtime FPS, {name}", ratios.Order().ElementAt(Rounds / 2), bound, "ONNX Runtime, same model and threads");
    }

    private static double Rate(Action act)
    {
        var started = Stopwatch.GetTimestamp();
        var count = 0;
        for (; Stopwatch.GetElapsedTime(started) < Round; count++) act();
        return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Counts what came out at the other end, and waits for the last.</summary>
    private static double Rate(Action act, Func<long> drain, Func<long> put)
    {
        var (started, before) = (Stopwatch.GetTimestamp(), drain());
        while (Stopwatch.GetElapsedTime(started) < Round) act();
        SpinWait.SpinUntil(() => drain() >= put());
        return (drain() - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static void Put(FrameQueue queue, FramePool pool, CameraLane lane, long number)
    {
        // A camera's reader thread fills the pixels while the inference thread works; here they are filled once a frame buffer.
        var frame = pool.Rent(Width, Height, "bench");
        frame.Pixels.Fill((byte)(number * 7));
        frame.Stamp(lane, 1, number, DateTimeOffset.UnixEpoch, 1, TimeProvider.System.GetTimestamp());
        queue.Put(frame, CancellationToken.None);
    }

    private static ReferenceProfile Profile(ModelSession session)
    {
        var builder = new ReferenceProfileBuilder();
        for (var i = 0; i < 200; i++) builder.Add(new FrameStatistics(i, i / 2.0, i / 60.0), new Prediction { Class = session.Manifest.Classes[0], Confidence = i / 200.0 });
        return builder.Build();
    }
}
