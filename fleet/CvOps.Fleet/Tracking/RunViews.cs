using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Tracking;

/// <summary>Runs as pages, the command line and the API show them.</summary>
internal sealed class RunViews(Database database, Runs runs, Artefacts artefacts)
{
    /// <summary>Runs side by side.</summary>
    public const int MostCompared = 8;

    private const int MostCurves = 30;
    private const int CurvePoints = 400;

    /// <param name="experiment">Its id; null for all.</param>
    /// <param name="filter">As MLflow's searches have it.</param>
    /// <exception cref="TrackingException">Filter, order or cursor are none.</exception>
    public async Task<TrackedRunPage> PageAsync(string? experiment, string? filter, string? order, string? after, int limit, CancellationToken cancel)
    {
        var (found, next) = await runs.SearchAsync(experiment is null ? [] : [experiment], filter, string.IsNullOrWhiteSpace(order) ? [] : [order], SearchView.Active, limit, after, cancel);
        return new TrackedRunPage(found, next);
    }

    public async Task<TrackedRunDetail?> FindAsync(string id, CancellationToken cancel) =>
        await runs.FindAsync(id, cancel) is { } run ? new TrackedRunDetail(run, await artefacts.AllAsync(id, cancel)) : null;

    /// <param name="ids">In the order of the columns.</param>
    /// <exception cref="TrackingException">There are too many or too few, or one that there is not.</exception>
    public async Task<RunComparison> CompareAsync(IReadOnlyList<string> ids, CancellationToken cancel)
    {
        ids = [.. ids.Distinct()];
        if (ids.Count is < 1 or > MostCompared) throw TrackingException.Invalid($"Name 1 to {MostCompared} runs to compare, not {ids.Count}.");
        return await database.ReadMomentAsync(connection =>
        {
            var found = RunReader.Read(connection, ids);
            if (found.Length < ids.Count) throw TrackingException.Missing("run", ids.First(id => !Array.Exists(found, run => run.Id == id)));
            var curves = RunComparing.Keys(found, run => run.Metrics.Keys).Take(MostCurves)
                .Select(metric => new MetricCurves(metric, [.. found.Select(run => run.Metrics.ContainsKey(metric) ? RunCurves.Thinned(connection, run.Id, metric, CurvePoints) : [])]))
                // A single point is a number and no curve: the table has it.
                .Where(curve => curve.Runs.Any(points => points.Count > 1)).ToArray();
            return RunComparing.Of(found, curves);
        }, cancel);
    }
}
