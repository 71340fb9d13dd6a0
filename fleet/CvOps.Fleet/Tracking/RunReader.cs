using System.Data.Common;
using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tracking.Search;
using Dapper;

namespace CvOps.Fleet.Tracking;

/// <summary>Whole runs out of their rows.</summary>
internal static class RunReader
{
    /// <param name="ids">At most a page of them.</param>
    /// <returns>Those that there are, in the order of the ids.</returns>
    public static TrackedRun[] Read(DbConnection connection, IReadOnlyList<string> ids)
    {
        if (ids.Count == 0) return [];
        var sql = new SearchSql();
        sql.RequireIn("run", ids);
        var rows = new SearchSql();
        rows.RequireIn("r.id", ids);
        var runs = connection.Query<RunRow>(
            $"""
            SELECT r.id, r.experiment, e.name AS ExperimentName, r.name, r.owner, r.status, r.started_at AS Started, r.ended_at AS Ended, r.deleted
            FROM run AS r JOIN experiment AS e ON e.id = r.experiment {rows.Where}
            """, rows.Values).ToDictionary(row => row.Id);
        var @params = Texts(connection, "run_param", sql);
        var tags = Texts(connection, "run_tag", sql);
        var metrics = connection.Query<(string Run, string Key, long Step, long At, double Value, long Nan)>($"SELECT run, key, step, at, value, nan FROM run_latest {sql.Where} ORDER BY key", sql.Values)
            .ToLookup(row => row.Run, row => (row.Key, Point: Point(row.Step, row.At, row.Value, row.Nan)));
        var inputs = connection.Query<(string Run, string Name, string Digest, string SourceType, string Source, string? Schema, string? Profile, string? Context)>(
            $"SELECT run, name, digest, source_type, source, schema, profile, context FROM run_input {sql.Where} ORDER BY name, digest", sql.Values)
            .ToLookup(row => row.Run, row => new RunDataset(row.Name, row.Digest, row.SourceType, row.Source, row.Schema, row.Profile, row.Context));
        return
        [
            .. ids.Where(runs.ContainsKey).Select(id => runs[id].View() with
            {
                Params = @params[id].ToDictionary(pair => pair.Key, pair => pair.Value), Tags = tags[id].ToDictionary(pair => pair.Key, pair => pair.Value),
                Metrics = metrics[id].ToDictionary(metric => metric.Key, metric => metric.Point), Datasets = [.. inputs[id]],
            }),
        ];
    }

    public static MetricPoint Point(long step, long at, double value, long nan) => new(step, nan != 0 ? double.NaN : value, SqlTime.From(at));

    private static ILookup<string, KeyText> Texts(DbConnection connection, string table, SearchSql sql) =>
        connection.Query<(string Run, string Key, string Value)>($"SELECT run, key, value FROM {table} {sql.Where} ORDER BY key", sql.Values).ToLookup(row => row.Run, row => new KeyText(row.Key, row.Value));

    private sealed class RunRow
    {
        public string Id { get; init; } = "";
        public long Experiment { get; init; }
        public string ExperimentName { get; init; } = "";
        public string Name { get; init; } = "";
        public string Owner { get; init; } = "";
        public string Status { get; init; } = "";
        public long Started { get; init; }
        public long? Ended { get; init; }
        public long Deleted { get; init; }

        public TrackedRun View() => new()
        {
            Id = Id, Experiment = Experiment.ToString(CultureInfo.InvariantCulture), ExperimentName = ExperimentName, Name = Name, By = Owner, Status = Enum.Parse<RunStatus>(Status),
            StartedAt = SqlTime.From(Started), EndedAt = Ended is { } ended ? SqlTime.From(ended) : null, Deleted = Deleted != 0,
        };
    }
}
