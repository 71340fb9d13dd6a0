using System.Diagnostics;
using System.Text.Json;
using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Inference;
using CvOps.Agent.Update;
using CvOps.Agent.Update.Fetch;
using CvOps.Agent.Update.Maintenance;
using CvOps.Agent.Update.Preflight;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.CrashMatrix;

/// <summary>The update's part of the agent as a process of its own: its real loop, journal, download, loader and slots. Played are the frames.</summary>
internal sealed class UpdateHost(HostOrder order) : IDisposable
{
    private const int ComparedFrames = 3;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly ModelSlots _slots = new();
    private readonly SoakMeter _soak = new(TimeProvider.System);
    private readonly ShadowTally _tally = new(TimeProvider.System);
    private volatile bool _silent;
    private volatile bool _heldUp;

    public async Task<int> RunAsync()
    {
        if (order.Library is { } library) UnkindDisk.Intercept(library, typeof(UpdateLoop).Assembly);
        var options = new UpdateOptions { SoakFrames = 3, Soak = TimeSpan.Zero, ShadowFrames = 3, DownloadAttempts = 2 };
        var journal = UpdateJournal.Open(Path.Combine(order.Data, "update.json"));
        var said = journal.Current.State;
        Tell(said);
        var folder = new ModelFolder(order.Data);
        var models = new ModelOptions { TrustedKeys = order.TrustedKeys };
        var inference = new InferenceOptions { Gpu = false };
        var loader = new ModelLoader(folder, models, inference, TimeProvider.System);
        var (status, wish) = (new UpdateStatus(TimeProvider.System), new UpdateWish(journal));
        using var http = new HttpClient();
        var download = new PackageDownload(http, folder, options, TimeProvider.System, NullLogger<PackageDownload>.Instance);
        using var line = new LineSignal(null, _ => throw new NotSupportedException(), TimeProvider.System);
        var steps = new UpdateSteps(options, folder, loader, download, _slots, _soak, wish, status,
            new ShadowTrial(options, _slots, _soak, wish, status, TimeProvider.System, NullLogger<ShadowTrial>.Instance),
            new ShadowStay(options, _slots, _tally, _soak, wish, status, TimeProvider.System),
            new DevicePreflight(folder, inference, () => []), new MaintenanceGate(options, line, wish, status, TimeProvider.System));
        var start = new ModelStart(journal, models, folder, loader, _slots, NullLogger<ModelStart>.Instance);
        using var loop = new UpdateLoop(journal, folder, start, wish, steps, status, _slots, TimeProvider.System, new Listener(this));

        loop.Changed += () =>
        {
            var now = journal.Current.State;
            if (now == said) return;
            Note(said = now);
        };
        await loop.StartAsync(CancellationToken.None);
        // A state found at the start kills when its step is taken, not before the agent has done anything at all.
        if (said == journal.Current.State) DieIn(said);
        if (order.DiesStartingWith is { } deadly && _slots.Active?.Ref.Version == deadly) Die();
        using var stopping = new CancellationTokenSource();
        var frames = Task.Factory.StartNew(() => Inspect(stopping.Token), TaskCreationOptions.LongRunning);
        loop.Want(order.Desired);

        var until = Stopwatch.StartNew();
        while (!AtRest(journal.Current) && !(order.EndsHeldUp && _heldUp))
        {
            if (until.Elapsed > Deadline) throw new TimeoutException($"Still {journal.Current.State} after {Deadline.TotalSeconds:0} s: {loop.Report}");
            await Task.Delay(2);
        }
        var active = _slots.Active?.Ref;
        var end = new HostEnd(journal.Current.State, active?.Version, active is not null && active == journal.Current.Active && IsWhole(folder, active), journal.Current.Reason, _heldUp);
        await stopping.CancelAsync();
        await frames;
        await loop.StopAsync(CancellationToken.None);
        Console.WriteLine(JsonSerializer.Serialize(end, HostJson.Default.HostEnd));
        return 0;
    }

    public void Dispose() => _slots.Dispose();

    /// <summary>A model that is wanted in shadow has got there when frames have been compared under it.</summary>
    private bool AtRest(UpdateRecord now) => now.DesiredVersion >= order.Desired.Version
        && (!UpdateMachine.IsBusy(now.State) || (now is { State: UpdateState.Shadowing, Target.Stage: ModelStage.Shadow } && _tally.Now() is { Frames: >= ComparedFrames }));

    private static bool IsWhole(ModelFolder folder, ModelRef model)
    {
        try
        {
            return PackageVerifier.Recheck(folder.PathOf(model.Digest), model.Digest).Ref == model;
        }
        catch (Exception e) when (e is PackageException or IOException)
        {
            return false;
        }
    }

    private void Note(UpdateState state)
    {
        Tell(state);
        DieIn(state);
    }

    private void Tell(UpdateState state)
    {
        if (order.Log is { } log) File.AppendAllText(log, $"state {state}\n");
    }

    private void DieIn(UpdateState state)
    {
        if (state != order.DiesIn) return;
        _silent = true;
        if (order.DiesAfterMs == 0) Die();
        new Thread(() =>
        {
            Thread.Sleep(order.DiesAfterMs);
            Die();
        }).Start();
    }

    private static void Die()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    }

    /// <summary>The inference thread's part: it leases the models of each frame and tells the sinks what came of it.</summary>
    private void Inspect(CancellationToken stopping)
    {
        var pool = new FramePool();
        var camera = new CameraLane(new CameraOptions { Id = new CameraId("cam-1"), Url = "test" }, TimeProvider.System);
        for (var i = 0; !stopping.IsCancellationRequested; i++)
        {
            Thread.Sleep(2);
            if (_silent) continue;
            using var models = _slots.Acquire();
            if (models.Active is not { } active) continue;
            using var frame = pool.Rent(8, 8, "test");
            frame.Stamp(camera, 1, i, DateTimeOffset.UnixEpoch, 0, 0);
            var inspected = new InspectedFrame(frame, active, new Prediction(), models.Shadow is { } other ? new ShadowPrediction(other.Ref, new Prediction()) : null, default, new FrameTimings(0, 0, 1, 0), null, null)
            {
                Challenger = models.Shadow is { } shadow ? new ModelAttempt(shadow, 1, null, NotFinite: false) : null,
            };
            _soak.Inspected(inspected);
            _tally.Inspected(inspected);
        }
    }

    /// <summary>Hears that the journal can't be written.</summary>
    private sealed class Listener(UpdateHost host) : ILogger<UpdateLoop>
    {
        private const int JournalRefused = 4002;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == JournalRefused) host._heldUp = true;
        }
    }
}
