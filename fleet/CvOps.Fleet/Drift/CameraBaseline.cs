using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Statistics;

namespace CvOps.Fleet.Drift;

/// <summary>What one camera showed first under the model in charge, over the edges of the package's profile.</summary>
/// <param name="From">Capture time of its first frame.</param>
/// <param name="Accepted">A person said that the present is how it shall be, wherever it lies.</param>
internal sealed record CameraBaseline(
    DateTimeOffset From, long Frames, IReadOnlyDictionary<string, HistogramCounts> Histograms, IReadOnlyDictionary<string, long> Classes, bool Accepted = false)
{
    public static CameraBaseline Of(RecentFrames first) => new(first.From, first.Frames, first.Histograms, first.Classes);

    /// <summary>Begins at nothing, by a person's word.</summary>
    public static CameraBaseline AcceptedFrom(DateTimeOffset now) => new(now, 0, new Dictionary<string, HistogramCounts>(), new Dictionary<string, long>(), true);

    public CameraBaseline Add(RecentFrames more) => this with
    {
        Frames = Frames + more.Frames,
        Histograms = Histograms.Keys.Union(more.Histograms.Keys).ToDictionary(name => name, name =>
            Histograms.TryGetValue(name, out var had) ? more.Histograms.TryGetValue(name, out var came) ? Histogram.Merge(had, came) : had : more.Histograms[name]),
        Classes = Classes.Keys.Union(more.Classes.Keys).ToDictionary(name => name, name => Classes.GetValueOrDefault(name) + more.Classes.GetValueOrDefault(name)),
    };

    /// <summary>The baseline in the form of a package's profile: same edges, this camera's counts.</summary>
    public ReferenceProfile ToReference(ReferenceProfile profile) => new()
    {
        Frames = Frames,
        Histograms = Histograms.Where(h => profile.Histograms.ContainsKey(h.Key)).ToDictionary(h => h.Key,
            h => new ReferenceHistogram(profile.Histograms[h.Key].Edges, h.Value.Counts, h.Value.Sum / Math.Max(1, h.Value.Counts.Sum()))),
        Classes = Classes,
    };
}
