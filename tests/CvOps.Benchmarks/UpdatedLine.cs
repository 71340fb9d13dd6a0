using System.Diagnostics;
using System.Security.Cryptography;
using CvOps.Agent;
using CvOps.Agent.Actuation;
using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Drift;
using CvOps.Agent.Inference;
using CvOps.Agent.Link;
using CvOps.Agent.Reports;
using CvOps.Agent.Sampling;
using CvOps.Agent.Spool;
using CvOps.Agent.Update;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using CvOps.Vision.Packaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Benchmarks;

/// <summary>
/// The agent from a decoded frame on with its whole update: frames of live cameras at their pace, models fetched from a package server, verified,
/// prepared, tested, swapped in and soaked by the update loop itself.
/// </summary>
internal sealed class UpdatedLine : IAsyncDisposable
{
    private const int MostFrames = 64;
    private const int CameraNiceness = -10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder;
    private readonly TestBroker _broker;
    private readonly TestProcess _server;
    private readonly Uri _url;
    private readonly ECDsa _key;
    private readonly IHost _host;
    private readonly FrameQueue _queue;
    private readonly FramePool _pool;
    private readonly CameraLane _eager = new(new CameraOptions { Id = new CameraId("eager"), Url = "bench", Pace = Pace.Fast }, TimeProvider.System);
    private readonly Lock _states = new();
    private readonly List<(UpdateState State, long At, long Dropped)> _walked = [];
    private CancellationTokenSource? _feeding;
    private Thread? _feeder;
    private long _version;

    private UpdatedLine(TestFolder folder, TestBroker broker, TestProcess server, Uri url, ECDsa key, IHost host, CameraLane[] lanes, ResultLog log)
    {
        (_folder, _broker, _server, _url, _key, _host, Lanes, Log) = (folder, broker, server, url, key, host, lanes, log);
        _queue = host.Services.GetRequiredService<FrameQueue>();
        _pool = host.Services.GetRequiredService<FramePool>();
        Loop = host.Services.GetRequiredService<UpdateLoop>();
        Slots = host.Services.GetRequiredService<ModelSlots>();
        foreach (var lane in lanes) _queue.Add(lane);
        _queue.Add(_eager);
        var frames = Enumerable.Range(0, MostFrames).Select(_ => _pool.Rent(BenchAgent.Width, BenchAgent.Height, "bench")).ToList();
        frames.ForEach(frame => frame.Dispose());
        Loop.Changed += () =>
        {
            lock (_states) _walked.Add((Loop.Report.State, Stopwatch.GetTimestamp(), Dropped));
        };
    }

    public CameraLane[] Lanes { get; }

    public ResultLog Log { get; }

    public UpdateLoop Loop { get; }

    public ModelSlots Slots { get; }

    /// <summary>Digest of the model it started with.</summary>
    public string First { get; private init; } = "";

    /// <summary>Frames put in, of all cameras.</summary>
    public long Put { get; private set; }

    /// <summary>Frames that the path did not get to, of all cameras.</summary>
    public long Dropped => Lanes.Sum(lane => lane.Meter.FramesDropped);

    /// <summary>Luma of the pictures from now on.</summary>
    public volatile byte Luma = 128;

    /// <param name="results">Most results that will be kept.</param>
    public static async Task<UpdatedLine> StartAsync(BenchModel first, UpdateOptions update, int cameras, int results)
    {
        var (folder, broker, key) = (new TestFolder(), await BenchBroker.StartAsync(), SigningKeys.Create());
        Directory.CreateDirectory(folder["keys"]);
        Directory.CreateDirectory(folder["packages"]);
        SigningKeys.SavePublic(key, folder["keys", "bench.pem"]);
        var digest = PackageBuilder.Build(folder["first.cvmodel"], first.Manifest, first.Onnx, [], key);
        var (server, url) = await PackageServer.StartAsync(folder["packages"]);
        var options = new AgentOptions
        {
            Site = new SiteId("bench"), Device = new DeviceId("bench"), Data = folder["data"], Update = update,
            Cameras = [.. Enumerable.Range(0, cameras).Select(i => new CameraOptions { Id = new CameraId($"cam-{i}"), Url = "bench" })],
            Link = new LinkOptions { Brokers = [$"mqtt://127.0.0.1:{broker.Port}"] },
            Inference = new InferenceOptions { Gpu = false },
            Model = new ModelOptions { TrustedKeys = folder["keys"], Package = folder["first.cvmodel"] },
        };
        CameraLane[] lanes = [.. options.Cameras.Select(camera => new CameraLane(camera, TimeProvider.System))];
        var log = new ResultLog(lanes, results);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(options).AddSingleton(TimeProvider.System).AddSingleton(new Random(1)).AddSingleton(new Topics(options.Site, options.Device))
            .AddSpool(options).AddSingleton<FrameQueue>().AddSingleton<FramePool>().AddUpdate(options).AddInference(options.Inference).AddSampling(options).AddDrift(options)
            .AddSingleton<IInspectedFrameSink, InspectionPublisher>().AddSingleton<IInspectedFrameSink>(log)
            // Never started: the frames come from here. Updates ask it for the sizes of pictures.
            .AddSingleton(FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH"))).AddSingleton(provider => ActivatorUtilities.CreateInstance<CameraSet>(provider, options.Cameras))
            .AddSingleton<FleetInbox>()
            .AddSingleton<IFleetLink>(provider => new MqttFleetLink(options.Link, options.Site, options.Device, provider.GetRequiredService<FleetInbox>(),
                () => new DeviceStatus(options.Device, Connectivity.Online, 1, "bench"), () => 0.5, TimeProvider.System, provider.GetRequiredService<ILogger<MqttFleetLink>>()))
            .AddHostedService<LinkLoop>().AddHostedService<UplinkLoop>();
        var host = builder.Build();
        var line = new UpdatedLine(folder, broker, server, url, key, host, lanes, log) { First = digest };
        await host.StartAsync();
        return line;
    }

    /// <summary>A package on the server.</summary>
    public DesiredModel Publish(byte[] onnx, ModelManifest manifest)
    {
        var name = $"{manifest.Version}.cvmodel";
        var digest = PackageBuilder.Build(_folder["packages", name], manifest, onnx, [], _key);
        return new DesiredModel(new ModelRef(manifest.Name, manifest.Version, digest), null, new Uri(_url, name), new FileInfo(_folder["packages", name]).Length, false);
    }

    /// <summary>Frames a second the path takes when it never has to wait for one.</summary>
    public double MostFramesPerSecond(TimeSpan duration)
    {
        var (started, before) = (Stopwatch.GetTimestamp(), _eager.Meter.FramesInspected);
        for (var number = 0L; Stopwatch.GetElapsedTime(started) < duration; number++) PutOne(_eager, number);
        return (_eager.Meter.FramesInspected - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>The cameras begin: each a frame a period, evenly one after the other.</summary>
    public void Feed(TimeSpan period)
    {
        _feeding = new CancellationTokenSource();
        _feeder = new Thread(() =>
        {
            // A camera keeps its pace whatever the device is at; one that fell behind and caught up would overrun its own queue.
            ThreadNiceness.TrySet(CameraNiceness);
            using var wait = new PreciseWait(TimeProvider.System);
            var started = Stopwatch.GetTimestamp();
            for (var i = 0L; !_feeding.IsCancellationRequested; i++)
            {
                wait.Until(period * (i / (double)Lanes.Length), started);
                PutOne(Lanes[i % Lanes.Length], i / Lanes.Length);
                Put++;
            }
        })
        { Name = "cameras" };
        _feeder.Start();
    }

    /// <summary>The cameras end; returns when each of their frames has its result or was dropped.</summary>
    public async Task StopFeedingAsync()
    {
        _feeding?.Cancel();
        _feeder?.Join();
        await UntilAsync(() => Log.Count + Dropped >= Put, () => $"{Log.Count} of {Put} frames came out");
    }

    /// <summary>One update from the wish to its end, by the update loop.</summary>
    /// <returns>The states entered, with their times and the frames dropped until then.</returns>
    public async Task<IReadOnlyList<(UpdateState State, long At, long Dropped)>> UpdateAsync(DesiredModel model, UpdateState end = UpdateState.Committed)
    {
        lock (_states) _walked.Clear();
        Loop.Want(new TwinDesired { Version = ++_version, Model = model });
        await UntilAsync(() => Walked.Any(step => step.State == end || (!UpdateMachine.IsBusy(step.State) && step.State != UpdateState.Idle)), () => $"{Loop.Report}");
        return Walked.Any(step => step.State == end) ? Walked : throw new InvalidOperationException($"The update to {model.Model.Version} ended as {Loop.Report.State}, not {end}: {Loop.Report.Reason}");
    }

    public Task UntilAsync(UpdateState state) => UntilAsync(() => Loop.Report.State == state, () => $"{Loop.Report}");

    /// <summary>When the model is in charge, to some microseconds, at the cost of a core until then.</summary>
    public Task<long> WhenInChargeAsync(string digest) => Task.Factory.StartNew(() =>
    {
        while (Slots.Active?.Ref.Digest != digest) Thread.SpinWait(50);
        return Stopwatch.GetTimestamp();
    }, TaskCreationOptions.LongRunning);

    public IReadOnlyList<(UpdateState State, long At, long Dropped)> Walked
    {
        get
        {
            lock (_states) return [.. _walked];
        }
    }

    public async ValueTask DisposeAsync()
    {
        _feeding?.Cancel();
        _feeder?.Join();
        await _host.StopAsync();
        _host.Dispose();
        await _server.DisposeAsync();
        await _broker.DisposeAsync();
        _key.Dispose();
        _folder.Dispose();
    }

    private void PutOne(CameraLane lane, long number)
    {
        var frame = _pool.Rent(BenchAgent.Width, BenchAgent.Height, "bench");
        frame.Pixels[..(BenchAgent.Width * BenchAgent.Height)].Fill(Luma);
        frame.Pixels[(BenchAgent.Width * BenchAgent.Height)..].Fill(128);
        frame.Pixels[..BenchAgent.Width].Fill((byte)(number * 7));
        frame.Stamp(lane, 1, number, DateTimeOffset.UnixEpoch, 1, Stopwatch.GetTimestamp());
        _queue.Put(frame, CancellationToken.None);
    }

    private async Task UntilAsync(Func<bool> condition, Func<string> describe)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Loop.ExecuteTask is { IsFaulted: true } died) await died;
            if (Stopwatch.GetElapsedTime(started) > Patience) throw new TimeoutException(describe());
            await Task.Delay(2);
        }
    }
}
