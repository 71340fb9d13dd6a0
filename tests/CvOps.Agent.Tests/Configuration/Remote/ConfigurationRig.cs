using System.Collections.Concurrent;
using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Drift;
using CvOps.Agent.Sampling;
using CvOps.Agent.Tests.Capture;
using CvOps.Agent.Tracking;
using CvOps.Agent.Update;
using CvOps.Agent.Zones;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Configuration.Remote;

/// <summary>A device's state folder and its own file, with two cameras that play a video for ever.</summary>
internal sealed class ConfigurationRig : IDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public ConfigurationRig() => Write();

    public TestFolder Folder { get; } = new();

    public string Path => Folder["agent.yaml"];

    public ConfigurationTimes Times { get; init; } = new()
    {
        Measure = TimeSpan.FromSeconds(0.4), Soak = TimeSpan.FromSeconds(0.6), Patience = TimeSpan.FromSeconds(2), Look = TimeSpan.FromMilliseconds(50),
    };

    /// <summary>The device's own file.</summary>
    public void Write(string more = "") => File.WriteAllText(Path, $$"""
        site: plant
        device: press-1
        data: '{{Folder["data"]}}'
        link: { brokers: ['mqtt://localhost:1883'] }
        cameras:
          - { id: a, url: '{{Video}}', pace: file, loop: true, connect-timeout-seconds: 6 }
          - { id: b, url: '{{Video}}', pace: file, loop: true, connect-timeout-seconds: 6 }
        {{more}}
        """);

    public void Dispose() => Folder.Dispose();

    private string Video => File.Exists(Folder["line.mp4"]) ? Folder["line.mp4"] : CameraRig.Video(Folder, "line.mp4", 50);
}

/// <summary>One process life of it; the inspection is played. Disposing is a kill, unless it was stopped before.</summary>
internal sealed class ConfiguredDevice : IAsyncDisposable
{
    private readonly FramePool _pool = new();
    private readonly FrameQueue _queue = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _inspection;
    private readonly ZoneSink _zones;
    private readonly string _journal;

    public ConfiguredDevice(ConfigurationRig rig, HeardLog? heard = null)
    {
        var text = ConfigurationFile.Text(rig.Path);
        Directory.CreateDirectory(rig.Folder["data"]);
        _journal = ConfigurationJournal.PathIn(rig.Folder["data"]);
        Journal = ConfigurationJournal.Open(_journal);
        var start = EffectiveOptions.Start(text, Journal.Current.Active);
        Cameras = new CameraSet(start.Options.Cameras, _queue, _pool, FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH")), TimeProvider.System, Random.Shared, NullLoggerFactory.Instance);
        Sampling = start.Options.Sampling;
        Drift = start.Options.Drift;
        Update = start.Options.Update;
        Budget = new SamplingBudget(Sampling.Now, rig.Folder["data"], TimeProvider.System);
        Sampler = new FrameSampler(Sampling.Now, Budget, TimeProvider.System, new Random(1));
        _zones = new ZoneSink(start.Options.Zones, _ => { }, TimeProvider.System);
        var live = new LiveSettings(start, Cameras, Sampling, Sampler, Drift, Update, new TrackingSink(TrackingServices.Followed(start.Options)), _zones);
        Loop = new ConfigurationLoop(Journal, rig.Path, live, new FrameRates(Cameras, TimeProvider.System), TimeProvider.System, heard?.For<ConfigurationLoop>() ?? NullLogger<ConfigurationLoop>.Instance, rig.Times);
        Loop.Changed += () => States.Enqueue(Loop.Report.State);
        _inspection = Task.Factory.StartNew(Inspect, TaskCreationOptions.LongRunning);
    }

    public ConfigurationJournal Journal { get; }

    public ConfigurationLoop Loop { get; }

    public CameraSet Cameras { get; }

    public Setting<SamplingOptions> Sampling { get; }

    public Setting<DriftOptions> Drift { get; }

    public Setting<UpdateOptions> Update { get; }

    public SamplingBudget Budget { get; }

    public FrameSampler Sampler { get; }

    public ConcurrentQueue<ConfigurationState> States { get; } = new();

    /// <summary>Connection and number of each frame, a camera each.</summary>
    public ConcurrentDictionary<string, ConcurrentQueue<(int Connection, long Number)>> Frames { get; } = new();

    public async Task StartAsync()
    {
        await Cameras.StartAsync(TestContext.Current.CancellationToken);
        await Loop.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(() => Frames.Count == 2 && Frames.Values.All(frames => frames.Count > 5), ConfigurationRig.Deadline, () => "too few frames", TestContext.Current.CancellationToken);
    }

    public CameraOptions Camera(string id) => Cameras.First(camera => camera.Lane.Camera.Value == id).Lane.Options;

    public void Want(long version, string? settings, string? rollout = "rollout-1") =>
        Loop.Want(new TwinDesired { Version = version, Configuration = settings is null ? null : DesiredConfiguration.Of(settings, rollout) });

    public Task ReachAsync(ConfigurationState state) => Eventually.Async(() => Loop.Report.State == state, ConfigurationRig.Deadline,
        () => $"{Loop.Report}; walked {string.Join(", ", States)}", TestContext.Current.CancellationToken);

    public Task StopAsync() => Loop.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        // As after a kill, the journal is what it was.
        var killed = File.Exists(_journal) ? await File.ReadAllBytesAsync(_journal) : null;
        await StopAsync();
        if (killed is not null) await File.WriteAllBytesAsync(_journal, killed);
        await Cameras.StopAsync(CancellationToken.None);
        await _ending.CancelAsync();
        await _inspection;
        _queue.Dispose();
        Cameras.Dispose();
        Loop.Dispose();
        Sampler.Dispose();
        _zones.Dispose();
        _ending.Dispose();
    }

    private void Inspect()
    {
        try
        {
            while (_queue.Take(_ending.Token) is { } frame)
            {
                using (frame)
                {
                    frame.Lane.Meter.Inspected(1, failed: false);
                    Frames.GetOrAdd(frame.Lane.Camera.Value, _ => new()).Enqueue((frame.Connection, frame.Number));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The device ends.
        }
    }
}
