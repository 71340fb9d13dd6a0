using System.Runtime.InteropServices;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Statistics;

namespace CvOps.Agent.Drift;

/// <summary>One camera under one model, being counted. Counts what the model's reference profile has edges for, and always the classes.</summary>
internal sealed class OpenWindow
{
    private readonly Dictionary<string, Histogram> _histograms = [];
    private readonly Dictionary<string, long> _classes = [];
    private readonly Histogram? _brightness;
    private readonly Histogram? _contrast;
    private readonly Histogram? _sharpness;
    private readonly Histogram? _confidence;
    private DateTimeOffset _from;
    private DateTimeOffset _to;

    public OpenWindow(CameraId camera, ModelRef model, ReferenceProfile? profile)
    {
        (Camera, Model) = (camera, model);
        _brightness = Over(profile, Covariates.Brightness);
        _contrast = Over(profile, Covariates.Contrast);
        _sharpness = Over(profile, Covariates.Sharpness);
        _confidence = Over(profile, Covariates.Confidence);
    }

    public CameraId Camera { get; }

    public ModelRef Model { get; }

    public long Frames { get; private set; }

    /// <summary>When the first frame was counted, on the clock of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long Started { get; private set; }

    public void Add(in InspectedFrame inspected, long now)
    {
        if (Frames++ == 0) (_from, Started) = (inspected.Frame.CapturedAt, now);
        _to = inspected.Frame.CapturedAt;
        _brightness?.Add(inspected.Statistics.Brightness);
        _contrast?.Add(inspected.Statistics.Contrast);
        _sharpness?.Add(inspected.Statistics.Sharpness);
        _confidence?.Add(inspected.Prediction.Confidence);
        CollectionsMarshal.GetValueRefOrAddDefault(_classes, inspected.Prediction.Class ?? "", out _)++;
    }

    /// <summary>What was counted, as a message of its own; then counting begins at nothing.</summary>
    public Func<Origin, DriftWindow> Close()
    {
        var histograms = _histograms.ToDictionary(pair => pair.Key, pair => pair.Value.ToCounts());
        var classes = new Dictionary<string, long>(_classes);
        var (from, to, frames) = (_from, _to, Frames);
        foreach (var histogram in _histograms.Values) histogram.Clear();
        _classes.Clear();
        Frames = 0;
        return origin => new DriftWindow
        {
            Origin = origin, Camera = Camera, Model = Model, From = from, To = to, Frames = frames, Histograms = histograms, Classes = classes,
        };
    }

    private Histogram? Over(ReferenceProfile? profile, string covariate)
    {
        if (profile is null || !profile.Histograms.TryGetValue(covariate, out var reference)) return null;
        return _histograms[covariate] = new Histogram(reference.Edges);
    }
}
