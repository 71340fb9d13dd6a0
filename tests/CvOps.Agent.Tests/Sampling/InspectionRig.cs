using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Sampling;

/// <summary>Inspected frames of one camera as the inference loop would hand them over, with predictions of the test's choice.</summary>
internal sealed class InspectionRig : IDisposable
{
    public const int Width = 32;
    public const int Height = 16;

    private readonly FramePool _pool = new();
    private readonly CameraLane _lane;
    private long _number;

    public InspectionRig(string camera = "cam")
    {
        _lane = new CameraLane(new CameraOptions { Id = new CameraId(camera), Url = "file.mp4" }, Time);
        Model = TinyModel.Load();
    }

    public ManualTime Time { get; init; } = new();

    public LoadedModel Model { get; set; }

    /// <summary>Of the frames shown from here on.</summary>
    public int Connection { get; set; } = 1;

    /// <summary>Hands one frame to the sink and takes it back, spoilt, as the pool would reuse it.</summary>
    /// <param name="margin">Certainty of the model in charge.</param>
    /// <param name="shadow">Class the other model names; null for no shadow.</param>
    /// <param name="detections">Kept as they are: a tracker writes into them.</param>
    public void Show(IInspectedFrameSink sink, double margin = 0.9, string cls = "red", string? shadow = null, string? part = null, byte luma = 100, string? error = null, FrameStatistics statistics = default, bool reject = false, List<Detection>? detections = null, float[]? embedding = null) =>
        Show([sink], margin, cls, shadow, part, luma, error, statistics, reject, detections, embedding);

    /// <summary>To several sinks, in their order.</summary>
    /// <inheritdoc cref="Show(IInspectedFrameSink, double, string, string?, string?, byte, string?, FrameStatistics, bool, List{Detection}?, float[])"/>
    public void Show(IReadOnlyList<IInspectedFrameSink> sinks, double margin = 0.9, string cls = "red", string? shadow = null, string? part = null, byte luma = 100, string? error = null, FrameStatistics statistics = default, bool reject = false, List<Detection>? detections = null, float[]? embedding = null)
    {
        using var frame = _pool.Rent(Width, Height, "test");
        frame.Stamp(_lane, Connection, _number++, Time.GetUtcNow(), 0, Time.GetTimestamp());
        frame.Pixels.Fill(128);
        frame.Pixels[..(Width * Height)].Fill(luma);
        var prediction = new Prediction { Class = cls, Confidence = (1 + margin) / 2, Margin = margin, Reject = reject, Detections = detections ?? [] };
        var other = shadow is null ? null : new ShadowPrediction(new ModelRef("tiny", "0", "digest-0"), new Prediction { Class = shadow, Confidence = 0.9, Margin = 0.8 });
        var inspected = new InspectedFrame(frame, Model, prediction, other, statistics, new FrameTimings(0, 0, 0, 0), part, error) { Embedding = embedding };
        foreach (var sink in sinks) sink.Inspected(inspected);
        frame.Pixels.Clear();
    }

    public static ReferenceProfile Profile(double[] brightness, double[] confidence) => new()
    {
        Frames = 0,
        Classes = new Dictionary<string, long>(),
        Histograms = new Dictionary<string, ReferenceHistogram>
        {
            [Covariates.Brightness] = new(brightness, new long[brightness.Length + 1], 0),
            [Covariates.Confidence] = new(confidence, new long[confidence.Length + 1], 0),
        },
    };

    public void Dispose()
    {
        Model.Dispose();
        Assert.Equal(0, _pool.Outstanding);
    }
}
