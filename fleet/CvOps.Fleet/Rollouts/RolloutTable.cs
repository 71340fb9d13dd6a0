using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Rollouts;

/// <summary>A rollout as lists and the ingest know it; the grain has the rest.</summary>
/// <param name="Payload">Digest of the model or configuration.</param>
/// <param name="IsModel">False where a configuration is rolled out.</param>
/// <param name="Running">It holds its devices.</param>
internal sealed record RolloutRow(string Id, string Name, string Payload, bool IsModel, RolloutState State, bool Running, int Priority);

/// <summary>Every rollout, a row each: a projection of what its grain has written, but for the payload, which never changes.</summary>
internal static class RolloutTable
{
    private const string Model = "model";
    private const string Configuration = "configuration";

    private const string Columns = "id, name, payload, kind, state, running, priority";

    /// <summary>Once: a rollout that is there stays as it is.</summary>
    public static void Insert(DbConnection connection, RolloutRow row, int number, DateTimeOffset createdAt) => connection.Execute(
        "INSERT INTO rollout (id, number, name, payload, kind, state, running, priority, created_at) VALUES (@Id, @number, @Name, @Payload, @kind, @state, @running, @Priority, @createdAt) ON CONFLICT DO NOTHING",
        new { row.Id, number, row.Name, row.Payload, kind = row.IsModel ? Model : Configuration, state = row.State.ToString(), running = row.Running ? 1 : 0, row.Priority, createdAt = SqlTime.Of(createdAt) });

    public static int LastNumber(DbConnection connection) => connection.ExecuteScalar<int>("SELECT coalesce(max(number), 0) FROM rollout");

    /// <param name="running">Null: both those that run and those that have ended.</param>
    /// <returns>The newest first.</returns>
    public static RolloutRow[] List(DbConnection connection, bool? running = null) =>
        [.. Query(connection, running is null ? "" : running.Value ? "WHERE running = 1" : "WHERE running = 0", null)];

    public static RolloutRow? Find(DbConnection connection, string id) => Query(connection, "WHERE id = @id", new { id }).SingleOrDefault();

    public static void SetState(DbConnection connection, string id, RolloutState state, bool running) =>
        connection.Execute("UPDATE rollout SET state = @state, running = @running WHERE id = @id", new { id, state = state.ToString(), running = running ? 1 : 0 });

    private static IEnumerable<RolloutRow> Query(DbConnection connection, string where, object? values) =>
        connection.Query<(string Id, string Name, string Payload, string Kind, string State, long Running, int Priority)>($"SELECT {Columns} FROM rollout {where} ORDER BY number DESC", values)
            .Select(row => new RolloutRow(row.Id, row.Name, row.Payload, row.Kind == Model, Enum.Parse<RolloutState>(row.State), row.Running != 0, row.Priority));
}
