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
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Benchmarks;

/// <summary>How far a frame's result goes: decided on and counted; on disk; acknowledged by the broker.</summary>
internal enum Reach { FramePath, Disk, Broker }

/// <summary>
/// The agent from a decoded frame on, in this process: preprocess, run, decode, statistics, sampling, drift windows, spool on disk, QoS 1 to a
/// real broker on loopback. Frames are put in by hand.
/// </summary>
internal sealed class BenchAgent : IAsyncDisposable
{
    public const int Width = 640;
    public const int Height = 480;
    private const int MostFrames = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestBroker? _broker;
    private readonly TestFolder _folder;
    private readonly IHost _host;
    private readonly FrameQueue _queue;
    private readonly FramePool _pool;
    private readonly CameraLoop[] _cameras;
    private readonly TimeProvider _time;
    private long _put;

    private BenchAgent(TestBroker? broker, TestFolder folder, IHost host, CameraLane[] lanes, CameraLoop[] cameras)
    {
        (_broker, _folder, _host, Lanes, _cameras) = (broker, folder, host, lanes, cameras);
        _time = host.Services.GetRequiredService<TimeProvider>();
        _queue = host.Services.GetRequiredService<FrameQueue>();
        _pool = host.Services.GetRequiredService<FramePool>();
        foreach (var lane in lanes) _queue.Add(lane);
        // As many frames as may ever be on their way: later none is new.
        var frames = Enumerable.Range(0, MostFrames).Select(_ => _pool.Rent(Width, Height, "bench")).ToList();
        frames.ForEach(frame => frame.Dispose());
    }

    public CameraLane[] Lanes { get; }

    public long Inspected
    {
        get
        {
            var inspected = 0L;
            foreach (var lane in Lanes) inspected += lane.Meter.FramesInspected + lane.Meter.InferenceErrors;
            return inspected;
        }
    }

    /// <summary>Cameras whose frames are put in by hand.</summary>
    public static Task<BenchAgent> StartAsync(BenchModel model, SessionSettings settings, int cameras = 1, Reach reach = Reach.Broker, TimeProvider? time = null, SpoolOptions? spool = null) =>
        StartAsync(model, settings, [.. Enumerable.Range(0, cameras).Select(i => new CameraOptions { Id = new CameraId($"cam-{i}"), Url = "bench", Pace = Pace.Fast })], reach, time ?? TimeProvider.System, spool);

    /// <summary>Live cameras, each with its decoder.</summary>
    public static async Task<BenchAgent> StartAsync(BenchModel model, SessionSettings settings, IReadOnlyList<string> urls)
    {
        var agent = await StartAsync(model, settings, [.. urls.Select((url, i) => new CameraOptions { Id = new CameraId($"cam-{i}"), Url = url })], Reach.Broker, TimeProvider.System);
        foreach (var camera in agent._cameras) await camera.StartAsync(CancellationToken.None);
        return agent;
    }

    private static async Task<BenchAgent> StartAsync(BenchModel model, SessionSettings settings, CameraOptions[] cameras, Reach reach, TimeProvider time, SpoolOptions? spool = null)
    {
        var broker = reach == Reach.Broker ? await BenchBroker.StartAsync() : null;
        var folder = new TestFolder();
        var options = new AgentOptions
        {
            Site = new SiteId("bench"), Device = new DeviceId("bench"), Data = folder.Path,
            Cameras = cameras, Spool = spool ?? new SpoolOptions(),
            Link = new LinkOptions { Brokers = [$"mqtt://127.0.0.1:{broker?.Port ?? 1}"] },
            // A window's report and a sampled picture are not every frame's cost: the path alone is measured between two of them.
            Drift = reach == Reach.FramePath ? new DriftOptions { WindowFrames = 1_000_000, WindowAge = TimeSpan.FromHours(1) } : new DriftOptions(),
            Sampling = reach == Reach.FramePath ? new SamplingOptions { AuditProbability = 0, LeastUncertainty = 1 } : new SamplingOptions(),
        };
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(options).AddSingleton(time).AddSingleton(new Random(1)).AddSingleton(new Topics(options.Site, options.Device))
            .AddSpool(options).AddSingleton<FrameQueue>().AddSingleton<FramePool>().AddInference(options.Inference).AddSampling(options).AddDrift(options);
        if (reach >= Reach.Disk) builder.Services.AddSingleton<IInspectedFrameSink, InspectionPublisher>();
        if (reach == Reach.Broker)
        {
            builder.Services.AddSingleton<FleetInbox>()
                .AddSingleton<IFleetLink>(provider => new MqttFleetLink(options.Link, options.Site, options.Device, provider.GetRequiredService<FleetInbox>(),
                    () => new DeviceStatus(options.Device, Connectivity.Online, 1, "bench"), () => 0.5, TimeProvider.System, provider.GetRequiredService<ILogger<MqttFleetLink>>()))
                .AddHostedService<LinkLoop>().AddHostedService<UplinkLoop>();
        }
        var host = builder.Build();
        var session = ModelSession.Open(model.Onnx, model.Manifest, settings);
        host.Services.GetRequiredService<ModelSlots>().Activate(new LoadedModel(new ModelRef(model.Manifest.Name, model.Manifest.Version, new string('0', 64)), session, Profile(session)));
        CameraLane[] lanes = [.. cameras.Select(camera => new CameraLane(camera, time))];
        var programs = FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH"));
        var (queue, pool) = (host.Services.GetRequiredService<FrameQueue>(), host.Services.GetRequiredService<FramePool>());
        var agent = new BenchAgent(broker, folder, host, lanes, [.. lanes.Select(lane => new CameraLoop(lane, queue, pool, programs, TimeProvider.System, Random.Shared, NullLogger<CameraLoop>.Instance))]);
        await host.StartAsync();
        return agent;
    }

    public SpoolHealth Spool => _host.Services.GetRequiredService<SpoolLog>().Health;

    public TestBroker Broker => _broker ?? throw new InvalidOperationException("This agent has no broker.");

    /// <summary>A frame of a camera, through the queue; waits while the queue is full.</summary>
    public void Put(int camera = 0)
    {
        // A camera's reader thread fills the pixels while the models work; here a few are changed, so that pictures differ.
        var number = Interlocked.Increment(ref _put);
        var frame = _pool.Rent(Width, Height, "bench");
        frame.Pixels[..Width].Fill((byte)(number * 7));
        frame.Stamp(Lanes[camera], 1, number, DateTimeOffset.UnixEpoch, 1, _time.GetTimestamp());
        _queue.Put(frame, CancellationToken.None);
    }

    /// <summary>Returns when all frames put in have come out.</summary>
    public void Drain()
    {
        if (!SpinWait.SpinUntil(() =>
        {
            Thread.Sleep(1);
            return Inspected >= Volatile.Read(ref _put);
        }, Patience)) throw new InvalidOperationException($"{Inspected} of {_put} frames came out within {Patience.TotalSeconds} s.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var camera in _cameras)
        {
            await camera.StopAsync(CancellationToken.None);
            camera.Dispose();
        }
        await _host.StopAsync();
        _host.Dispose();
        if (_broker is not null) await _broker.DisposeAsync();
        _folder.Dispose();
    }

    private static ReferenceProfile Profile(ModelSession session)
    {
        var builder = new ReferenceProfileBuilder();
        for (var i = 0; i < 200; i++) builder.Add(new FrameStatistics(i, i / 2.0, i / 60.0), new Prediction { Class = session.Manifest.Classes[0], Confidence = i / 200.0 });
        return builder.Build();
    }
}
