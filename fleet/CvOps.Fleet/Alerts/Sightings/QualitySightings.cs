using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Quality;

namespace CvOps.Fleet.Alerts.Sightings;

/// <summary>Errors that the last check of all frames found and nobody has accepted, one alert a kind.</summary>
internal sealed class QualitySightings(QualityDesk desk) : ISightingSource
{
    private const int Looked = 1000;

    public IReadOnlyList<AlertSource> Sources { get; } = [AlertSource.QualityFinding];

    public async ValueTask<IReadOnlyList<Sighting>> ReadAsync(CancellationToken cancel)
    {
        if (await desk.ReportAsync(null, cancel) is not { } report) return [];
        // Errors come first.
        var errors = (await desk.PageAsync(null, null, accepted: false, -1, Looked, cancel)).Findings.Where(finding => finding.Level == FindingLevel.Error);
        return [.. errors.GroupBy(finding => finding.Kind).Select(kind => new Sighting(AlertSource.QualityFinding, kind.Key.ToString(),
            $"{kind.Count()} {(kind.Count() == 1 ? "error" : "errors")} of kind {kind.Key} in the frames: {kind.First().What} {kind.First().Do}", "/quality", report.At, new Dictionary<string, string> { ["kind"] = kind.Key.ToString() }))];
    }
}
