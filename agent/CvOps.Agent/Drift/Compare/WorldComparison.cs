using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Statistics;
using CvOps.Statistics.Causes;

namespace CvOps.Agent.Drift.Compare;

/// <summary>Two recordings held against each other.</summary>
/// <param name="Covariates">What has moved first, the furthest first.</param>
/// <param name="Cause">Null when nothing has moved.</param>
internal sealed record WorldComparison(
    ReferenceProfile Reference, IReadOnlyDictionary<string, HistogramCounts> Present, IReadOnlyDictionary<string, long> PresentClasses, IReadOnlyList<CovariateDrift> Covariates, DriftCause? Cause)
{
    private const int TimelineFrames = 50;

    /// <param name="name">Of what is held against the reference.</param>
    public static WorldComparison Of(SeenWorld reference, SeenWorld present, string name)
    {
        var profile = reference.Profile();
        var (histograms, classes) = present.CountOver(profile);
        var covariates = DriftComparison.Compare(profile, histograms, classes).Concat(StreamRule.Measure(new StreamCounts { Unusable = present.Unusable, Failed = present.Failed }, present.Frames.Count));
        CovariateDrift[] sorted = [.. covariates.OrderByDescending(c => c.Moved).ThenByDescending(c => c.Psi).ThenBy(c => c.Covariate, StringComparer.Ordinal)];
        double[] brightness = [.. reference.Frames.Chunk(TimelineFrames).Concat(present.Frames.Chunk(TimelineFrames)).Select(Brightness)];
        return new WorldComparison(profile, histograms, classes, sorted, DriftCauseRule.Find(new DriftScene(name, sorted, brightness, null, 1, 1)));
    }

    private static double Brightness(SeenFrame[] frames) => frames.Where(frame => frame.Statistics.IsUsable).Select(frame => frame.Statistics.Brightness).DefaultIfEmpty(double.NaN).Average();
}
