using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Models;

/// <summary>Rows about models beside the packages themselves: aliases, history, revocations. Each method is part of its caller's transaction.</summary>
internal static class ModelTables
{
    private const string Events =
        """
        SELECT h.row, h.at, h.by, h.kind, h.name, h.alias, h.reason, h.rollout, h.evidence, h.approvals, h.digest, m.version, h.previous, p.version AS PreviousVersion
        FROM model_history AS h LEFT JOIN models AS m ON m.digest = h.digest LEFT JOIN models AS p ON p.digest = h.previous
        """;

    /// <summary>Views with what the package does not say of itself.</summary>
    public static ModelView[] Complete(DbConnection connection, ModelView[] views)
    {
        if (views.Length == 0) return views;
        var aliases = connection.Query<(string Alias, string Digest)>("SELECT alias, digest FROM model_alias ORDER BY alias").ToLookup(row => row.Digest, row => row.Alias);
        var revoked = connection.Query<(string Digest, long At, string By, string Reason)>("SELECT digest, at, by, reason FROM model_revocation").ToDictionary(row => row.Digest);
        return Array.ConvertAll(views, view => view with
        {
            Aliases = [.. aliases[view.Model.Digest]],
            Revoked = revoked.TryGetValue(view.Model.Digest, out var row) ? new ModelRevocation(SqlTime.From(row.At), row.By, row.Reason) : null,
        });
    }

    public static ModelRef? Find(DbConnection connection, string? digest) => digest is null ? null
        : connection.Query<(string Name, string Version)>("SELECT name, version FROM models WHERE digest = @digest", new { digest }).Select(row => new ModelRef(row.Name, row.Version, digest)).SingleOrDefault();

    public static string? RevokedBecause(DbConnection connection, string digest) =>
        connection.QuerySingleOrDefault<string>("SELECT reason FROM model_revocation WHERE digest = @digest", new { digest });

    public static string? Pointed(DbConnection connection, string name, string alias) =>
        connection.QuerySingleOrDefault<string>("SELECT digest FROM model_alias WHERE name = @name AND alias = @alias", new { name, alias });

    public static AliasView[] Aliases(DbConnection connection, string? name) =>
    [
        .. connection.Query<(string Name, string Alias, long At, string By, string Reason, string Digest, string Version)>(
            """
            SELECT a.name, a.alias, a.at, a.by, a.reason, a.digest, m.version FROM model_alias AS a JOIN models AS m ON m.digest = a.digest
            WHERE @name IS NULL OR a.name = @name ORDER BY a.name, a.alias
            """, new { name }).Select(row => new AliasView(row.Name, row.Alias, new ModelRef(row.Name, row.Version, row.Digest), SqlTime.From(row.At), row.By, row.Reason)),
    ];

    /// <summary>Moves or takes away an alias and writes it into the history, as one.</summary>
    public static void Move(DbConnection connection, string name, string alias, ModelRef? to, DateTimeOffset at, AliasRequest why, IReadOnlyList<string> approvals)
    {
        var previous = Pointed(connection, name, alias);
        if (to is null) connection.Execute("DELETE FROM model_alias WHERE name = @name AND alias = @alias", new { name, alias });
        else
            connection.Execute(
                """
                INSERT INTO model_alias (name, alias, digest, at, by, reason) VALUES (@name, @alias, @Digest, @at, @By, @Reason)
                ON CONFLICT (name, alias) DO UPDATE SET digest = excluded.digest, at = excluded.at, by = excluded.by, reason = excluded.reason
                """, new { name, alias, to.Digest, at = SqlTime.Of(at), why.By, why.Reason });
        Note(connection, new ModelEvent(
            0, at, why.By, to is null ? ModelEventKind.AliasRemoved : ModelEventKind.AliasMoved, name, alias, to, Find(connection, previous), why.Reason, why.Rollout, why.Evidence, approvals));
    }

    public static void Note(DbConnection connection, ModelEvent entry) => connection.Execute(
        """
        INSERT INTO model_history (at, by, kind, name, alias, digest, previous, reason, rollout, evidence, approvals)
        VALUES (@at, @By, @kind, @Name, @Alias, @digest, @previous, @Reason, @Rollout, @Evidence, @approvals)
        """,
        new
        {
            at = SqlTime.Of(entry.At), entry.By, kind = entry.Kind.ToString(), entry.Name, entry.Alias, digest = entry.Model?.Digest, previous = entry.Previous?.Digest, entry.Reason, entry.Rollout,
            entry.Evidence, approvals = JsonSerializer.Serialize(entry.Approvals, FleetJson.Options),
        });

    /// <summary>The newest first.</summary>
    public static ModelEvent[] History(DbConnection connection, string? name, int most) =>
        [.. connection.Query<EventRow>($"{Events} WHERE @name IS NULL OR h.name = @name ORDER BY h.row DESC LIMIT @most", new { name, most }).Select(row => row.Entry())];

    /// <returns>Who brought that version; null when it is not there, or came before there was a history.</returns>
    public static string? RegisteredBy(DbConnection connection, string name, string digest) => connection.ExecuteScalar<string?>(
        "SELECT by FROM model_history WHERE kind = @kind AND name = @name AND digest = @digest ORDER BY row LIMIT 1", new { kind = nameof(ModelEventKind.Registered), name, digest });

    /// <summary>The last time that alias changed; null when it never did.</summary>
    public static ModelEvent? LastMove(DbConnection connection, string name, string alias) =>
        connection.Query<EventRow>($"{Events} WHERE h.name = @name AND h.alias = @alias ORDER BY h.row DESC LIMIT 1", new { name, alias }).Select(row => row.Entry()).SingleOrDefault();

    /// <summary>Rollouts that have moved that alias.</summary>
    public static HashSet<string> MovedBy(DbConnection connection, string alias) =>
        [.. connection.Query<string>("SELECT DISTINCT rollout FROM model_history WHERE alias = @alias AND rollout IS NOT NULL", new { alias })];

    private sealed class EventRow
    {
        public long Row { get; init; }
        public long At { get; init; }
        public string By { get; init; } = "";
        public string Kind { get; init; } = "";
        public string Name { get; init; } = "";
        public string? Alias { get; init; }
        public string Reason { get; init; } = "";
        public string? Rollout { get; init; }
        public string? Evidence { get; init; }
        public string Approvals { get; init; } = "[]";
        public string? Digest { get; init; }
        public string? Version { get; init; }
        public string? Previous { get; init; }
        public string? PreviousVersion { get; init; }

        public ModelEvent Entry() => new(
            Row, SqlTime.From(At), By, Enum.Parse<ModelEventKind>(Kind), Name, Alias, RefOf(Digest, Version), RefOf(Previous, PreviousVersion), Reason, Rollout, Evidence,
            JsonSerializer.Deserialize<string[]>(Approvals, FleetJson.Options) ?? []);

        private ModelRef? RefOf(string? digest, string? version) => digest is null ? null : new ModelRef(Name, version ?? "?", digest);
    }
}
