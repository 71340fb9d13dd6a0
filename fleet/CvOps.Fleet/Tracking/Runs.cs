using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Tracking;

/// <summary>What is asked of a new run.</summary>
/// <param name="Name">Null: one is made up.</param>
internal sealed record NewRun(string Experiment, string? Name, string By, DateTimeOffset StartedAt, IReadOnlyList<KeyText> Tags);

/// <summary>What changes of a run; null stays as it is.</summary>
internal sealed record RunChange(RunStatus? Status, DateTimeOffset? EndedAt, string? Name);

/// <summary>What is logged to a run at once: all of it or nothing.</summary>
internal sealed record RunBatch(IReadOnlyList<LoggedMetric> Metrics, IReadOnlyList<KeyText> Params, IReadOnlyList<KeyText> Tags);

/// <summary>Runs and what they log. Every method that names a run refuses one that there is not.</summary>
internal sealed class Runs(Database database, SharedWrites shared, FleetEvents events, TimeProvider time)
{
    public async Task<TrackedRun> CreateAsync(NewRun run, CancellationToken cancel)
    {
        var id = Guid.NewGuid().ToString("N");
        await shared.WriteAsync(connection =>
        {
            var experiment = Experiments.RequireActive(connection, run.Experiment);
            var name = run.Name ?? run.Tags.FirstOrDefault(tag => tag.Key == "mlflow.runName").Value ?? $"run-{id[..8]}";
            connection.Execute("INSERT INTO run (id, experiment, name, owner, status, started_at) VALUES (@id, @experiment, @name, @By, @status, @at)",
                new { id, experiment, name, run.By, status = nameof(RunStatus.Running), at = SqlTime.Of(run.StartedAt) });
            RunWrites.SetTags(connection, id, [.. run.Tags, new KeyText("mlflow.runName", name)]);
            return true;
        }, cancel);
        return await GetAsync(id, cancel);
    }

    /// <exception cref="TrackingException">There is none.</exception>
    public async Task<TrackedRun> GetAsync(string id, CancellationToken cancel) => await FindAsync(id, cancel) ?? throw TrackingException.Missing("run", id);

    public async Task<TrackedRun?> FindAsync(string id, CancellationToken cancel) => (await database.ReadMomentAsync(connection => RunReader.Read(connection, [id]), cancel)).SingleOrDefault();

    /// <returns>Those that there are, in the order of the ids.</returns>
    public Task<TrackedRun[]> ReadAsync(IReadOnlyList<string> ids, CancellationToken cancel) => database.ReadMomentAsync(connection => RunReader.Read(connection, ids), cancel);

    /// <inheritdoc cref="RunSearch.Prepare"/>
    public Task<(IReadOnlyList<TrackedRun> Runs, string? Next)> SearchAsync(
        IReadOnlyList<string> experiments, string? filter, IReadOnlyList<string> order, SearchView view, int limit, string? token, CancellationToken cancel) =>
        database.ReadMomentAsync(RunSearch.Prepare(experiments, filter, order, view, limit, token), cancel);

    public async Task<TrackedRun> UpdateAsync(string id, RunChange change, CancellationToken cancel)
    {
        await shared.WriteAsync(connection =>
        {
            RunWrites.RequireActive(connection, id);
            if (change.Name is { } name) RunWrites.SetTags(connection, id, [new KeyText("mlflow.runName", name)]);
            return connection.Execute("UPDATE run SET status = coalesce(@status, status), ended_at = coalesce(@ended, ended_at) WHERE id = @id",
                new { id, status = change.Status?.ToString(), ended = change.EndedAt is { } ended ? SqlTime.Of(ended) : (long?)null });
        }, cancel);
        events.Publish("run", id);
        return await GetAsync(id, cancel);
    }

    /// <summary>Puts a run aside, or brings it back; its rows stay.</summary>
    public async Task SetDeletedAsync(string id, bool deleted, CancellationToken cancel)
    {
        await shared.WriteAsync(connection =>
        {
            if (RunWrites.Find(connection, id).Own) throw TrackingException.Invalid($"Run '{id}' is a training run of CvOps and stays.");
            return connection.Execute("UPDATE run SET deleted = @flag WHERE id = @id", new { id, flag = deleted ? 1 : 0 });
        }, cancel);
        events.Publish("run", id);
    }

    public async Task LogAsync(string id, RunBatch batch, CancellationToken cancel)
    {
        await shared.WriteAsync(connection =>
        {
            if (batch.Metrics.Count + batch.Params.Count > 0) RunWrites.RequireActive(connection, id);
            else RunWrites.Find(connection, id);
            RunWrites.SetParams(connection, id, batch.Params);
            RunWrites.AddMetrics(connection, id, batch.Metrics);
            RunWrites.SetTags(connection, id, batch.Tags);
            return true;
        }, cancel);
        events.Publish("run", id);
    }

    public Task DeleteTagAsync(string id, string key, CancellationToken cancel) => shared.WriteAsync(connection =>
    {
        RunWrites.Find(connection, id);
        return connection.Execute("DELETE FROM run_tag WHERE run = @id AND key = @key", new { id, key }) == 1 ? true : throw TrackingException.Missing($"tag on run {id}:", key);
    }, cancel);

    public Task AddInputsAsync(string id, IReadOnlyList<RunDataset> datasets, CancellationToken cancel) => shared.WriteAsync(connection =>
    {
        RunWrites.RequireActive(connection, id);
        RunWrites.AddInputs(connection, id, datasets);
        return true;
    }, cancel);

    /// <summary>All values of a metric, by step and then time.</summary>
    /// <param name="limit">Null: to the end.</param>
    public Task<MetricPoint[]> HistoryAsync(string id, string key, int offset, int? limit, CancellationToken cancel) =>
        database.ReadAsync(connection => RunCurves.Page(connection, id, key, offset, limit ?? TrackingLimits.PointsPerMetric), cancel);

    /// <summary>The clock by which runs are stamped that do not say when they began.</summary>
    public DateTimeOffset Now => time.GetUtcNow();
}
