using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tracking;
using Dapper;

namespace CvOps.Fleet.Training;

/// <summary>Training runs as lists show them, and their metrics step by step. A run's truth is its grain, which writes here after each step.</summary>
internal sealed class TrainingTable(Database database)
{
    /// <summary>Values kept of one metric; a trainer that reports more often is thinned by its own step, so that a curve keeps its shape.</summary>
    public const int MostSteps = 20_000;

    public Task PutAsync(TrainingRunView view, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        connection.Execute(
            """
            INSERT INTO training_runs (id, search, state, ended, priority, body) VALUES (@Id, @Search, @State, @Ended, @Priority, @Body)
            ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended = excluded.ended, body = excluded.body
            """,
            new
            {
                view.Id, view.Search, State = view.State.ToString(), Ended = TrainingMachine.IsEnded(view.State) ? 1 : 0, view.Request.Priority,
                Body = JsonSerializer.Serialize(view, ContractsJson.Default.TrainingRunView),
            });
        TrainingRecord.Put(connection, view);
        return true;
    }, cancel);

    /// <summary>Newest first; the trials of searches only where their search is named.</summary>
    /// <param name="after">The id that the page begins after; null for the newest.</param>
    public Task<TrainingRunView[]> ListAsync(string? search, string? after, int limit, CancellationToken cancel) => database.ReadAsync(connection => connection.Query<string>(
        """
        SELECT body FROM training_runs WHERE ((@search IS NULL AND search IS NULL) OR search = @search)
          AND (@after IS NULL OR row < (SELECT row FROM training_runs WHERE id = @after)) ORDER BY row DESC LIMIT @limit
        """, new { search, after, limit }).Select(Parse).ToArray(), cancel);

    /// <summary>Runs that are not ended, in the order in which they go: the highest priority, then the oldest.</summary>
    public Task<TrainingRunView[]> OpenAsync(CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<string>("SELECT body FROM training_runs WHERE ended = 0 ORDER BY priority DESC, row").Select(Parse).ToArray(), cancel);

    public Task<HashSet<string>> IdsAsync(CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<string>("SELECT id FROM training_runs").ToHashSet(StringComparer.Ordinal), cancel);

    /// <summary>A value that was known for that step is replaced: an attempt that goes on from a checkpoint repeats a few.</summary>
    public Task AddMetricsAsync(string run, IReadOnlyList<TrainingMetric> metrics, CancellationToken cancel) => metrics.Count == 0 ? Task.CompletedTask : database.WriteAsync(connection =>
    {
        var written = 0;
        foreach (var metric in metrics)
        {
            written += connection.Execute(
                "INSERT INTO training_metric (run, name, step, value, at) VALUES (@run, @Name, @Step, @Value, @at) ON CONFLICT (run, name, step) DO UPDATE SET value = excluded.value, at = excluded.at",
                new { run, metric.Name, metric.Step, metric.Value, at = SqlTime.Of(metric.At) });
        }
        foreach (var name in metrics.Select(metric => metric.Name).Distinct()) Thin(connection, run, name);
        return written;
    }, cancel);

    /// <summary>Before an attempt from the beginning.</summary>
    public Task ForgetMetricsAsync(string run, CancellationToken cancel) =>
        database.WriteAsync(connection => connection.Execute("DELETE FROM training_metric WHERE run = @run", new { run }), cancel);

    /// <param name="after">Cursor of a page before: NAME:STEP.</param>
    public async Task<TrainingMetricPage> MetricsAsync(string run, string? name, string? after, int limit, CancellationToken cancel)
    {
        var cut = after?.LastIndexOf(':') ?? -1;
        var (afterName, afterStep) = cut > 0 && long.TryParse(after![(cut + 1)..], out var step) ? (after[..cut], step) : ("", -1L);
        var rows = await database.ReadAsync(connection => connection.Query<(string Name, long Step, double Value, long At)>(
            """
            SELECT name, step, value, at FROM training_metric WHERE run = @run AND (@name IS NULL OR name = @name) AND (name > @afterName OR (name = @afterName AND step > @afterStep))
            ORDER BY name, step LIMIT @limit
            """, new { run, name, afterName, afterStep, limit }).ToArray(), cancel);
        var metrics = rows.Select(row => new TrainingMetric(row.Name, row.Step, row.Value, SqlTime.From(row.At))).ToArray();
        return new TrainingMetricPage(metrics, metrics.Length == limit ? $"{metrics[^1].Name}:{metrics[^1].Step}" : null);
    }

    private static void Thin(DbConnection connection, string run, string name)
    {
        var count = connection.ExecuteScalar<long>("SELECT count(*) FROM training_metric WHERE run = @run AND name = @name", new { run, name });
        if (count > MostSteps) connection.Execute("DELETE FROM training_metric WHERE run = @run AND name = @name AND step % 2 = 1", new { run, name });
    }

    private static TrainingRunView Parse(string body) => JsonSerializer.Deserialize(body, ContractsJson.Default.TrainingRunView)!;
}
