using CvOps.Agent.Inference;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Statistics;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Agent.Drift.Compare;

/// <summary>One frame, measured.</summary>
internal sealed record SeenFrame(FrameStatistics Statistics, Prediction Prediction, float[] Embedding, int Width, int Height);

/// <summary>A frame to show.</summary>
/// <param name="Number">From 0.</param>
internal sealed record ExampleFrame(long Number, string Class, double Confidence, byte[] Jpeg);

/// <summary>All of one recording's frames as numbers, and a few of them as pictures, evenly spaced.</summary>
internal sealed class SeenWorld : IInspectedFrameSink
{
    private const int MostExamples = 6;
    private const int ExampleWidth = 320;

    private readonly List<ExampleFrame> _examples = [];
    private long _every = 1;
    private long _shown;

    public List<SeenFrame> Frames { get; } = [];

    public long Failed { get; private set; }

    /// <summary>Why the first frame without a prediction has none.</summary>
    public string? FirstError { get; private set; }

    public long Unusable => Frames.Count(frame => !frame.Statistics.IsUsable);

    /// <summary>At most six.</summary>
    public IReadOnlyList<ExampleFrame> Examples =>
        _examples.Count <= MostExamples ? _examples : [.. Enumerable.Range(0, MostExamples).Select(i => _examples[i * (_examples.Count - 1) / (MostExamples - 1)])];

    public void Inspected(in InspectedFrame inspected)
    {
        if (inspected.Error is not null)
        {
            Failed++;
            FirstError ??= inspected.Error;
            return;
        }
        Frames.Add(new SeenFrame(inspected.Statistics, inspected.Prediction.Copy(), inspected.Embedding.ToArray(), inspected.Frame.Width, inspected.Frame.Height));
        if (_shown++ % _every != 0) return;
        // Twice as many as are shown, thinned whenever they are more: the length is not known before the end.
        _examples.Add(new ExampleFrame(_shown - 1, inspected.Prediction.Class ?? "nothing", inspected.Prediction.Confidence, Small(inspected.Picture)));
        if (_examples.Count < 2 * MostExamples) return;
        for (var i = _examples.Count - 1; i > 0; i -= 2) _examples.RemoveAt(i);
        _every *= 2;
    }

    /// <summary>The reference that packing a model with these frames would give.</summary>
    public ReferenceProfile Profile()
    {
        var builder = new ReferenceProfileBuilder();
        foreach (var frame in Frames) builder.Add(frame.Statistics, frame.Prediction, frame.Width, frame.Height, frame.Embedding);
        return builder.Build();
    }

    /// <summary>These frames counted over a reference's edges.</summary>
    public (IReadOnlyDictionary<string, HistogramCounts> Histograms, IReadOnlyDictionary<string, long> Classes) CountOver(ReferenceProfile profile)
    {
        var histograms = profile.Histograms.ToDictionary(pair => pair.Key, pair => new Histogram(pair.Value.Edges));
        var gauge = profile.Embedding is { } embedding ? new Statistics.Embeddings.EmbeddingGauge(embedding) : null;
        var projections = new double[gauge?.Projections ?? 0];
        void Add(string name, double value) => histograms.GetValueOrDefault(name)?.Add(value);
        foreach (var frame in Frames)
        {
            if (frame.Statistics.IsUsable)
                foreach (var covariate in FrameCovariates.Picture) Add(covariate.Name, covariate.Value(frame.Statistics));
            foreach (var covariate in FrameCovariates.Prediction) Add(covariate.Name, covariate.Value(frame.Prediction));
            foreach (var box in frame.Prediction.Detections)
                foreach (var covariate in FrameCovariates.Box) Add(covariate.Name, covariate.Value(box, frame.Width, frame.Height));
            if (gauge is null) continue;
            Add(Covariates.EmbeddingDistance, gauge.Measure(frame.Embedding, projections));
            for (var j = 0; j < projections.Length; j++) Add(Covariates.Embedding(j), projections[j]);
        }
        return (histograms.ToDictionary(pair => pair.Key, pair => pair.Value.ToCounts()), Frames.GroupBy(frame => frame.Prediction.Class ?? "").ToDictionary(group => group.Key, group => group.LongCount()));
    }

    private static byte[] Small(PictureView picture)
    {
        var bgr = new byte[3 * picture.Width * picture.Height];
        PictureRows.ToBgr(picture, bgr);
        var step = Math.Max(1, (picture.Width + ExampleWidth - 1) / ExampleWidth);
        if (step == 1) return JpegCodec.Encode(new PictureView(bgr, picture.Width, picture.Height, PixelFormat.Bgr24), 85);
        var (width, height) = (picture.Width / step, Math.Max(1, picture.Height / step));
        var small = new byte[3 * width * height];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                bgr.AsSpan(3 * (y * step * picture.Width + x * step), 3).CopyTo(small.AsSpan(3 * (y * width + x)));
        return JpegCodec.Encode(new PictureView(small, width, height, PixelFormat.Bgr24), 85);
    }
}
