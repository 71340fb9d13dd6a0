using System.Security.Cryptography;
using CvOps.Agent.Configuration;
using CvOps.Agent.Inference;
using CvOps.Agent.Update;
using CvOps.Agent.Update.Maintenance;
using CvOps.Agent.Update.Preflight;
using CvOps.Agent.Update.Fetch;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Programs;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using CvOps.Vision.Packaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Update;

/// <summary>A device's update with a real package server: start it, kill it, start it again on the same disk.</summary>
internal sealed class UpdateRig : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly ECDsa _key = SigningKeys.Create();
    private readonly WebApplication _server;

    private UpdateRig(WebApplication server) => _server = server;

    public TestFolder Folder { get; } = new();

    public string Data => Folder["data"];

    public string Journal => Path.Combine(Data, "update.json");

    public UpdateOptions Options { get; private set; } = new() { SoakFrames = 3, Soak = TimeSpan.Zero, ShadowFrames = 0, DownloadAttempts = 1 };

    /// <summary>What the device's cameras show.</summary>
    public IReadOnlyList<CameraSize> Cameras { get; set; } = [];

    /// <summary>The clock on the wall, for maintenance windows alone.</summary>
    public ManualTime Time { get; } = new();

    public MemoryPins Pins { get; } = new(TimeProvider.System);

    public static async Task<UpdateRig> CreateAsync(Func<UpdateOptions, UpdateOptions>? change = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var rig = new UpdateRig(server);
        server.MapGet("/{name}", (string name) => File.Exists(rig.Folder[name]) ? Results.File(rig.Folder[name], enableRangeProcessing: true) : Results.NotFound());
        if (change is not null) rig.Options = change(rig.Options);
        await server.StartAsync();
        Directory.CreateDirectory(rig.Data);
        Directory.CreateDirectory(rig.Folder["keys"]);
        SigningKeys.SavePublic(rig._key, rig.Folder["keys", "signer.pem"]);
        return rig;
    }

    /// <summary>A package of a tiny real model on the server. The bias makes versions differ.</summary>
    public DesiredModel Publish(string version, ECDsa? key = null, bool compare = false, byte[]? onnx = null)
    {
        var path = Folder[$"{version}.cvmodel"];
        var digest = PackageBuilder.Build(path, Manifest(version), onnx ?? TinyOnnx.MeanColourClassifier(8, 8, [1, 0, 0, 0, 1, 0], [0.1f * version.Length, version[^1] / 100f]), [], key ?? _key);
        return Desired(version, digest, new FileInfo(path).Length, compare);
    }

    /// <summary>A soundly signed package whose parts do not belong together.</summary>
    public DesiredModel Repack(string version, Func<ModelPackageParts, ModelPackageParts> change)
    {
        var path = Folder[$"{version}.cvmodel"];
        var good = PackageReader.Open(path);
        var parts = change(new ModelPackageParts
        {
            Manifest = good.Manifest,
            Onnx = good.Onnx,
            Profile = good.Profile,
            Golden = good.Golden,
            Tensors = good.Names.Where(name => name.EndsWith(".f32", StringComparison.Ordinal)).ToDictionary(name => name, good.Entry),
        });
        var digest = PackageWriter.Write(path, parts, _key);
        return Desired(version, digest, new FileInfo(path).Length);
    }

    /// <summary>A program package of a folder on the server.</summary>
    public DesiredProgram PublishProgram(string version, string folder, ECDsa? key = null, string? runtime = null)
    {
        var package = ProgramPacker.Pack(folder, version, runtime ?? ProgramRule.ThisRuntime, key ?? _key, Folder[$"{version}.cvagent"]);
        return new DesiredProgram(version, package.Digest, new Uri(_server.Urls.First() + $"/{version}.cvagent"), package.Bytes);
    }

    private DesiredModel Desired(string version, string digest, long bytes, bool compare = false) =>
        new(new ModelRef("tiny", version, digest), null, new Uri(_server.Urls.First() + $"/{version}.cvmodel"), bytes, compare);

    public static ModelManifest Manifest(string version) => new()
    {
        Name = "tiny",
        Version = version,
        Task = ModelTask.Classification,
        Input = new InputSpec { Name = "images", Width = 8, Height = 8 },
        Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"], Embedding = "embedding" },
        Classes = ["good", "bad"],
    };

    /// <summary>Puts a package on the device's disk as if it had been committed.</summary>
    public void OnDisk(DesiredModel model)
    {
        Directory.CreateDirectory(Path.Combine(Data, "models"));
        File.Copy(Folder[model.Url.LocalPath.TrimStart('/')], Path.Combine(Data, "models", model.Model.Digest + ".cvmodel"), overwrite: true);
    }

    /// <summary>Changes one bit in the middle of a file.</summary>
    public static void Flip(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    public UpdateDevice Start(string? package = null) => new(this, package);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _key.Dispose();
        Folder.Dispose();
    }
}

/// <summary>One process life of the update. Disposing is a clean stop.</summary>
internal sealed class UpdateDevice : IAsyncDisposable
{
    private readonly HttpClient _http = new();
    private readonly HeardLog _log = new();
    private readonly SoakMeter _soak = new(TimeProvider.System);
    private readonly ShadowTally _tally = new(TimeProvider.System);
    private readonly List<ReportedModel> _reports = [];
    private readonly UpdateState _began;

    public UpdateDevice(UpdateRig rig, string? package)
    {
        var folder = new ModelFolder(rig.Data);
        Journal = UpdateJournal.Open(rig.Journal);
        _began = Journal.Current.State;
        var models = new ModelOptions { TrustedKeys = rig.Folder["keys"], Package = package };
        var loader = new ModelLoader(folder, models, new InferenceOptions { Gpu = false }, TimeProvider.System);
        var download = new PackageDownload(_http, folder, rig.Options, TimeProvider.System, NullLogger<PackageDownload>.Instance);
        var status = new UpdateStatus(TimeProvider.System);
        var wish = new UpdateWish(Journal);
        Loop = new UpdateLoop(Journal, folder, new ModelStart(Journal, models, folder, loader, Slots, _log.For<ModelStart>()), wish,
            new UpdateSteps(rig.Options, folder, loader, download, Slots, _soak, wish, status, new ShadowTrial(rig.Options, Slots, _soak, wish, status, TimeProvider.System, _log.For<ShadowTrial>()),
                new ShadowStay(rig.Options, Slots, _tally, _soak, wish, status, TimeProvider.System),
                new DevicePreflight(folder, new InferenceOptions { Gpu = false }, () => rig.Cameras), Maintenance = new MaintenanceGate(rig.Options, Line = new LineSignal(rig.Options.WhenIdle, _ => rig.Pins, rig.Time), wish, status, rig.Time)),
            status, Slots, TimeProvider.System, _log.For<UpdateLoop>());
        Loop.Changed += () =>
        {
            lock (_reports) _reports.Add(Loop.Report);
        };
    }

    public UpdateJournal Journal { get; }

    public MaintenanceGate Maintenance { get; }

    public LineSignal Line { get; }

    public ModelSlots Slots { get; } = new();

    public UpdateLoop Loop { get; }

    public IReadOnlyList<UpdateState> States
    {
        get
        {
            lock (_reports) return [.. _reports.Select(report => report.State)];
        }
    }

    public Task StartAsync() => Loop.StartAsync(TestContext.Current.CancellationToken);

    /// <summary>Frames that the model in charge has inspected, as the inference thread would tell them; the challenger too where it is asked.</summary>
    /// <param name="shed">There was no time for the challenger.</param>
    /// <param name="challengerClass">What it says; the model in charge finds nothing.</param>
    public void Inspect(int frames, string? error = null, string? challengerError = null, bool shed = false, string? challengerClass = null)
    {
        var pool = new Agent.Capture.FramePool();
        var lane = new Agent.Capture.CameraLane(new Agent.Capture.CameraOptions { Id = new CameraId("cam-1"), Url = "test" }, TimeProvider.System);
        for (var i = 0; i < frames; i++)
        {
            using var frame = pool.Rent(8, 8, "test");
            frame.Stamp(lane, 1, i, DateTimeOffset.UnixEpoch, 0, 0);
            var asked = Slots.AskShadow ? Slots.Shadow : null;
            var shadow = asked is null || shed || challengerError is not null ? null : new ShadowPrediction(asked.Ref, new Prediction { Class = challengerClass });
            var inspected = new InspectedFrame(frame, Slots.Active!, new Prediction(), shadow, default, new FrameTimings(0, 0, 1, 0), null, error)
            {
                Challenger = asked is null || shed ? null : new ModelAttempt(asked, 1, challengerError, NotFinite: false), ChallengerSkipped = shed ? asked : null,
            };
            _soak.Inspected(inspected);
            _tally.Inspected(inspected);
        }
    }

    public Task ReachAsync(UpdateState state) => Eventually.Async(() => Loop.Report.State == state && States.LastOrDefault(_began) == state, UpdateRig.Deadline,
        () => $"{Loop.Report}; walked {string.Join(", ", States)}", TestContext.Current.CancellationToken);

    /// <summary>Waits until something is logged, from now on.</summary>
    public Task SaysAsync(string part)
    {
        var before = _log.Lines.Count;
        return Eventually.Async(() => _log.Lines.Skip(before).Any(line => line.Contains(part, StringComparison.Ordinal)), UpdateRig.Deadline,
            () => string.Join('\n', _log.Lines), TestContext.Current.CancellationToken);
    }

    /// <summary>Wants a model and lets it inspect what its soak needs.</summary>
    public async Task UpdateAsync(long version, DesiredModel model)
    {
        Loop.Want(new TwinDesired { Version = version, Model = model });
        await ReachAsync(UpdateState.Soaking);
        Inspect(3);
        await ReachAsync(UpdateState.Committed);
    }

    public async ValueTask DisposeAsync()
    {
        await Loop.StopAsync(CancellationToken.None);
        Loop.Dispose();
        Line.Dispose();
        Slots.Dispose();
        _http.Dispose();
    }
}
