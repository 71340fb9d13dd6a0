using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Retention;

/// <summary>The policy, what it did last, and what of it estimates have to know: <c>retention</c> (one row) and <c>retention_thinning</c>.</summary>
internal static class RetentionTable
{
    private const int TheOnly = 1;

    public static RetentionPolicy Policy(DbConnection connection) =>
        connection.QuerySingleOrDefault<string>("SELECT policy FROM retention WHERE id = @TheOnly", new { TheOnly }) is { } body ? JsonSerializer.Deserialize(body, ContractsJson.Default.RetentionPolicy)! : new RetentionPolicy();

    public static RetentionRun? Last(DbConnection connection) =>
        connection.QuerySingleOrDefault<string?>("SELECT last FROM retention WHERE id = @TheOnly", new { TheOnly }) is { } body ? JsonSerializer.Deserialize(body, ContractsJson.Default.RetentionRun) : null;

    public static void Set(DbConnection connection, RetentionPolicy policy) => connection.Execute(
        "INSERT INTO retention (id, policy) VALUES (@TheOnly, @policy) ON CONFLICT (id) DO UPDATE SET policy = excluded.policy",
        new { TheOnly, policy = JsonSerializer.Serialize(policy, ContractsJson.Default.RetentionPolicy) });

    public static int SetLast(DbConnection connection, RetentionRun run) => connection.Execute("UPDATE retention SET last = @last WHERE id = @TheOnly",
        new { TheOnly, last = JsonSerializer.Serialize(run, ContractsJson.Default.RetentionRun) });

    /// <summary>Frames captured before it that nobody labelled are gone; null: none are for their age.</summary>
    public static DateTimeOffset? FrameHorizon(DbConnection connection) =>
        connection.QuerySingleOrDefault<long?>("SELECT horizon FROM retention WHERE id = @TheOnly", new { TheOnly }) is { } at ? SqlTime.From(at) : null;

    public static void RaiseHorizon(DbConnection connection, DateTimeOffset horizon) =>
        connection.Execute("UPDATE retention SET horizon = @at WHERE id = @TheOnly AND coalesce(horizon, @at) <= @at", new { TheOnly, at = SqlTime.Of(horizon) });

    public static ThinningPass[] Passes(DbConnection connection) =>
        [.. connection.Query<(long At, double Threshold)>("SELECT at, threshold FROM retention_thinning ORDER BY at").Select(row => new ThinningPass(SqlTime.From(row.At), row.Threshold))];

    /// <summary>Frames of before took part in it.</summary>
    public static void AddPass(DbConnection connection, ThinningPass pass) => connection.Execute(
        "INSERT INTO retention_thinning (at, threshold) VALUES (@At, @Threshold) ON CONFLICT (at) DO UPDATE SET threshold = excluded.threshold", new { At = SqlTime.Of(pass.At), pass.Threshold });
}
