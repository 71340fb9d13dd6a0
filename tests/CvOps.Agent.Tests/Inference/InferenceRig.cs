using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Inference;

/// <summary>What a sink may keep of a frame.</summary>
internal sealed record Seen(CameraId Camera, int Connection, long Number, ModelRef Model, Prediction Prediction, ShadowPrediction? Shadow, FrameTimings Timings, FrameStatistics Statistics, string? Part, string? Error);

internal sealed class RecordingSink : IInspectedFrameSink
{
    private readonly List<Seen> _seen = [];

    public IReadOnlyList<Seen> Seen
    {
        get
        {
            lock (_seen) return [.. _seen];
        }
    }

    public void Inspected(in InspectedFrame i)
    {
        lock (_seen) _seen.Add(new Seen(i.Camera, i.Frame.Connection, i.Frame.Number, i.Model.Ref, i.Prediction.Copy(), i.Shadow is { } shadow ? shadow with { Prediction = shadow.Prediction.Copy() } : null, i.Timings with { }, i.Statistics, i.Part, i.Error));
    }
}

/// <summary>An inference loop on real time with a queue to feed and a sink that remembers.</summary>
internal sealed class InferenceRig : IAsyncDisposable
{
    public const int Width = 64;
    public const int Height = 48;
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>What a debug build's frame pool spends on remembering who holds a frame.</summary>
#if DEBUG
    public const int DebugBytesPerFrame = 64;
#else
    public const int DebugBytesPerFrame = 0;
#endif

    private readonly IInspectedFrameSink[] _others;
    private InferenceLoop? _loop;

    public InferenceRig(params IInspectedFrameSink[] others)
    {
        _others = others;
        Queue.Add(Lane);
    }

    public InferenceOptions Options { get; init; } = new();

    public FramePool Pool { get; } = new();

    public FrameQueue Queue { get; } = new();

    public ModelSlots Slots { get; } = new();

    public RecordingSink Sink { get; } = new();

    public CameraLane Lane { get; } = new(new CameraOptions { Id = new CameraId("cam"), Url = "none", Pace = Pace.Fast }, TimeProvider.System);

    /// <summary>False leaves the remembering sink out.</summary>
    public bool Recording { get; init; } = true;

    public InferenceLoop Loop => _loop ??= new InferenceLoop(Queue, Slots, Recording ? [.. _others, Sink] : _others, Options, TimeProvider.System, NullLogger<InferenceLoop>.Instance);

    /// <summary>A grey frame, through the queue.</summary>
    public void Put(long number, byte luma = 126)
    {
        var frame = Pool.Rent(Width, Height, "test");
        frame.Pixels[..(Width * Height)].Fill(luma);
        frame.Pixels[(Width * Height)..].Fill(128);
        frame.Stamp(Lane, 1, number, TimeProvider.System.GetUtcNow(), 1, TimeProvider.System.GetTimestamp());
        Queue.Put(frame, TestContext.Current.CancellationToken);
    }

    /// <summary>A classifier that always says the same class.</summary>
    public static LoadedModel Model(string version, int says, params string[] classes)
    {
        var bias = new float[classes.Length];
        bias[says] = 4;
        return Load(version, TinyOnnx.MeanColourClassifier(8, 8, new float[3 * classes.Length], bias), classes);
    }

    public static LoadedModel Load(string version, byte[] onnx, params string[] classes)
    {
        var manifest = new ModelManifest
        {
            Name = "tiny",
            Version = version,
            Task = ModelTask.Classification,
            Input = new InputSpec { Name = "images", Width = 8, Height = 8 },
            Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"] },
            Classes = classes,
        };
        return new LoadedModel(new ModelRef("tiny", version, new string(version[0], 64)), ModelSession.Open(onnx, manifest, new SessionSettings(AllowGpu: false)), null);
    }

    public Task UntilSeen(int count) =>
        Eventually.Async(() => Sink.Seen.Count >= count, Deadline, () => $"{Sink.Seen.Count} of {count} frames inspected", TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Loop.StopAsync(CancellationToken.None);
        Queue.Dispose();
        Slots.Dispose();
        Loop.Dispose();
        Assert.True(Pool.Outstanding == 0, $"{Pool.Outstanding} frames were not given back: {string.Join(", ", Pool.Owners)}");
    }
}
