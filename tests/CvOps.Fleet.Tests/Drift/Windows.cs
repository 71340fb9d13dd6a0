using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Drift;
using CvOps.Statistics;
using CvOps.Statistics.Change;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Fleet.Tests.Drift;

/// <summary>Drift windows of drawn or measured frames, counted as an agent counts them.</summary>
internal static class Windows
{
    public const int Frames = 50;

    public static readonly ModelRef Model = new("line", "1", new string('a', 64));

    private static readonly string[] Classes = ["crack", "dent", "ok", "scratch"];

    public static CameraEvidence NoEvidence() => new(new Dictionary<string, ChangeState>(), new ChangeBetsCache());

    /// <param name="brightness">Added to every frame's.</param>
    /// <param name="spread">Factor on the contrast.</param>
    public static RunnerResult Draw(Random chance, double brightness = 0, double spread = 1)
    {
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
        var named = new Prediction { Class = Classes[(int)Math.Min(3, 4 * Math.Sqrt(chance.NextDouble()))], Confidence = 1 - Math.Pow(chance.NextDouble(), 3) / 2 };
        return new RunnerResult(named, [], new FrameStatistics(130 + brightness + 12 * Normal(), spread * (30 + 4 * Normal()), 2.5 + 0.4 * Normal()));
    }

    public static ReferenceProfile Profile(IEnumerable<RunnerResult> frames)
    {
        var profile = new ReferenceProfileBuilder();
        foreach (var frame in frames) profile.Add(frame.Statistics, frame.Prediction);
        return profile.Build();
    }

    /// <param name="number">From 1; its origin and its time follow from it: 10 frames a second.</param>
    public static DriftWindow Count(IReadOnlyCollection<RunnerResult> frames, ReferenceProfile profile, long number, string device = "line-1", ModelRef? model = null)
    {
        var from = DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds(number * Frames / 10.0);
        (string Name, Func<RunnerResult, double> Value)[] covariates =
        [
            (Covariates.Brightness, f => f.Statistics.Brightness), (Covariates.Contrast, f => f.Statistics.Contrast),
            (Covariates.Sharpness, f => f.Statistics.Sharpness), (Covariates.Confidence, f => f.Prediction.Confidence),
        ];
        return new DriftWindow
        {
            Origin = new Origin(new DeviceId(device), 1, number), Camera = new CameraId("cam"), Model = model ?? Model, From = from, To = from.AddSeconds((frames.Count - 1) / 10.0), Frames = frames.Count,
            Histograms = covariates.ToDictionary(c => c.Name, c => Counts(profile.Histograms[c.Name], frames.Select(c.Value))),
            Classes = frames.GroupBy(f => f.Prediction.Class ?? "").ToDictionary(group => group.Key, group => group.LongCount()),
        };
    }

    private static HistogramCounts Counts(ReferenceHistogram reference, IEnumerable<double> values)
    {
        var histogram = new Histogram(reference.Edges);
        foreach (var value in values) histogram.Add(value);
        return histogram.ToCounts();
    }
}
