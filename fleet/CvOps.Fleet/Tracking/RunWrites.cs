using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Tracking;

/// <summary>Rows of one run; each method is part of its caller's transaction, and one that throws is to take it back.</summary>
internal static class RunWrites
{
    /// <exception cref="TrackingException">There is no such run, or it takes nothing.</exception>
    public static void RequireActive(DbConnection connection, string run)
    {
        var (deleted, own) = Find(connection, run);
        if (deleted) throw TrackingException.Invalid($"Run '{run}' is deleted: restore it first.");
        if (own) throw TrackingException.Invalid($"Run '{run}' is a training run of CvOps: what it logs comes from its trainer. Tags may be set.");
    }

    /// <returns>Whether the run is deleted, and whether it is a training run of CvOps.</returns>
    public static (bool Deleted, bool Own) Find(DbConnection connection, string run) =>
        connection.Query<(long Deleted, long Own)>("SELECT deleted, own FROM run WHERE id = @run", new { run }).ToArray() is [var row] ? (row.Deleted != 0, row.Own != 0) : throw TrackingException.Missing("run", run);

    /// <summary>A parameter is given once: the same value again is nothing new, another one is refused.</summary>
    public static void SetParams(DbConnection connection, string run, IReadOnlyList<KeyText> values)
    {
        foreach (var (key, value) in values)
        {
            if (connection.Execute("INSERT INTO run_param (run, key, value) VALUES (@run, @key, @value) ON CONFLICT DO NOTHING", new { run, key, value }) == 1) continue;
            var known = connection.ExecuteScalar<string>("SELECT value FROM run_param WHERE run = @run AND key = @key", new { run, key });
            if (known != value) throw TrackingException.Invalid($"Parameter '{key}' of run '{run}' is '{Short(known!)}' and does not change; '{Short(value)}' was given.");
        }
        Bound(connection, "run_param", run, "parameters");
    }

    public static void SetTags(DbConnection connection, string run, IReadOnlyList<KeyText> values)
    {
        foreach (var (key, value) in values)
        {
            connection.Execute("INSERT INTO run_tag (run, key, value) VALUES (@run, @key, @value) ON CONFLICT (run, key) DO UPDATE SET value = excluded.value", new { run, key, value });
            // The name of a run and this tag are the same thing to MLflow.
            if (key == "mlflow.runName") connection.Execute("UPDATE run SET name = @value WHERE id = @run", new { run, value });
        }
        Bound(connection, "run_tag", run, "tags");
    }

    /// <summary>Adds values; one that is there already, to the step and the millisecond, is there once.</summary>
    public static void AddMetrics(DbConnection connection, string run, IReadOnlyList<LoggedMetric> metrics)
    {
        if (metrics.Count == 0) return;
        using var add = new PreparedCommand(connection,
            "INSERT INTO run_metric (run, key, step, at, value, nan) VALUES (@run, @key, @step, @at, @value, @nan) ON CONFLICT DO NOTHING", "run", "key", "step", "at", "value", "nan");
        using var count = new PreparedCommand(connection,
            "INSERT INTO run_latest (run, key, step, at, value, nan) VALUES (@run, @key, @step, @at, @value, @nan) ON CONFLICT (run, key) DO UPDATE SET points = run_latest.points + 1",
            "run", "key", "step", "at", "value", "nan");
        using var latest = new PreparedCommand(connection,
            "UPDATE run_latest SET step = @step, at = @at, value = @value, nan = @nan WHERE run = @run AND key = @key AND (step, at, value) <= (@step, @at, @value)",
            "run", "key", "step", "at", "value", "nan");
        foreach (var (key, step, at, value) in metrics)
        {
            var nan = double.IsNaN(value);
            ReadOnlySpan<object?> row = [run, key, step, SqlTime.Of(at), nan ? 0.0 : value, nan ? 1L : 0L];
            if (add.Run(row) == 0) continue;
            count.Run(row);
            latest.Run(row);
        }
        Bound(connection, "run_latest", run, "metrics");
        if (connection.ExecuteScalar<long>("SELECT coalesce(max(points), 0) FROM run_latest WHERE run = @run", new { run }) > TrackingLimits.PointsPerMetric)
            throw TrackingException.Invalid($"A metric of run '{run}' has {TrackingLimits.PointsPerMetric} values, and that is the most: log less often.");
    }

    public static void AddInputs(DbConnection connection, string run, IReadOnlyList<RunDataset> datasets)
    {
        foreach (var set in datasets)
        {
            connection.Execute(
                """
                INSERT INTO run_input (run, name, digest, source_type, source, schema, profile, context) VALUES (@run, @Name, @Digest, @SourceType, @Source, @Schema, @Profile, @Context)
                ON CONFLICT (run, name, digest) DO UPDATE SET context = coalesce(excluded.context, run_input.context)
                """, new { run, set.Name, set.Digest, set.SourceType, set.Source, set.Schema, set.Profile, set.Context });
        }
        Bound(connection, "run_input", run, "datasets");
    }

    private static void Bound(DbConnection connection, string table, string run, string what)
    {
        if (connection.ExecuteScalar<long>($"SELECT count(*) FROM {table} WHERE run = @run", new { run }) > TrackingLimits.KeysPerRun)
            throw TrackingException.Invalid($"A run has at most {TrackingLimits.KeysPerRun} {what}.");
    }

    private static string Short(string value) => value.Length > 60 ? $"{value[..60]}..." : value;
}
