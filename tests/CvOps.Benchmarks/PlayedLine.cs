using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>One camera whose pictures and predictions the benchmark makes up, handed to a sink as the inference loop would.</summary>
internal sealed class PlayedLine : IDisposable
{
    private readonly FramePool _pool = new();
    private readonly CameraLane _lane;
    private readonly LoadedModel _model;
    private readonly TimeProvider _time;

    public PlayedLine(TimeProvider time, IReadOnlyList<string> classes, ReferenceProfile? profile = null)
    {
        _time = time;
        _lane = new CameraLane(new CameraOptions { Id = new CameraId("cam"), Url = "played.mp4" }, time);
        var manifest = new ModelManifest
        {
            Name = "played", Version = "1", Task = ModelTask.Classification, Classes = classes, Input = new InputSpec { Name = "images", Width = 4, Height = 4 },
            Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"] },
        };
        var onnx = new TinyOnnx().Input("images", OnnxType.Float, 1, 3, 4, 4).Constant("weights", new float[3 * classes.Count], 3, classes.Count)
            .Node("GlobalAveragePool", ["images"], "pooled").Node("Flatten", ["pooled"], "means", ("axis", 1)).Node("MatMul", ["means", "weights"], "logits").Output("logits", 1, classes.Count).Build();
        _model = new LoadedModel(new ModelRef("played", "1", new string('0', 64)), ModelSession.Open(onnx, manifest, new SessionSettings(AllowGpu: false)), profile);
    }

    /// <summary>A frame that can be shown again and again under other numbers; the caller gives it back.</summary>
    public Frame Frame(ReadOnlySpan<byte> pixels, int width, int height, PixelFormat format)
    {
        var frame = _pool.Rent(width, height, format, "bench");
        pixels.CopyTo(frame.Pixels);
        return frame;
    }

    public void Show(IInspectedFrameSink sink, Frame frame, long number, Prediction prediction, ReadOnlyMemory<float> embedding, FrameStatistics statistics = default)
    {
        frame.Stamp(_lane, 1, number, _time.GetUtcNow(), 0, _time.GetTimestamp());
        sink.Inspected(new InspectedFrame(frame, _model, prediction, null, statistics, Nothing, null, null) { Embedding = embedding });
    }

    public void Dispose() => _model.Dispose();

    private static readonly FrameTimings Nothing = new(0, 0, 0, 0);

    /// <summary>What a classifier's decoder makes of probabilities.</summary>
    public static Prediction Predict(ReadOnlySpan<double> probabilities, IReadOnlyList<string> classes)
    {
        var (best, second, entropy) = (0, 0.0, 0.0);
        for (var i = 1; i < probabilities.Length; i++)
            if (probabilities[i] > probabilities[best]) best = i;
        for (var i = 0; i < probabilities.Length; i++)
        {
            if (i != best) second = Math.Max(second, probabilities[i]);
            if (probabilities[i] > 0) entropy -= probabilities[i] * Math.Log(probabilities[i]);
        }
        return new Prediction { Class = classes[best], Confidence = probabilities[best], Margin = probabilities[best] - second, Entropy = entropy / Math.Log(probabilities.Length) };
    }
}
