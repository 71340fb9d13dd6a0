using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Alerts;

/// <summary>Alerts, their history, rules and silences, as rows.</summary>
internal sealed class AlertStore(Database database)
{
    public Task<StoredAlert[]> OpenAsync(CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<(string Key, long Version, string Body)>("SELECT key, version, body FROM alert WHERE open = 1").Select(row => new StoredAlert(row.Key, row.Version, Parse(row.Body))).ToArray(), cancel);

    /// <summary>The newest first.</summary>
    /// <param name="state">Null: all that are open, pending ones left out.</param>
    public Task<AlertPage> PageAsync(AlertState? state, string? rule, string? subject, long? after, int limit, CancellationToken cancel) => database.ReadAsync(connection =>
    {
        var rows = connection.Query<(long Row, string Body)>(
            $"""
            SELECT row, body FROM alert WHERE {(state is null ? "open = 1 AND state <> 'Pending'" : "state = @state")}
              AND (@rule IS NULL OR rule = @rule) AND (@subject IS NULL OR subject = @subject) AND (@after IS NULL OR row < @after) ORDER BY row DESC LIMIT @limit
            """, new { state = state?.ToString(), rule, subject, after, limit }).ToArray();
        return new AlertPage([.. rows.Select(row => Parse(row.Body))], rows.Length == limit ? $"{rows[^1].Row}" : null);
    }, cancel);

    /// <summary>How many fire and nobody has acknowledged.</summary>
    public Task<long> FiringAsync(CancellationToken cancel) => database.ReadAsync(connection => connection.ExecuteScalar<long>("SELECT count(*) FROM alert WHERE state = 'Firing'"), cancel);

    public Task<AlertDetail?> FindAsync(string id, CancellationToken cancel) => database.ReadMomentAsync(connection => Read(connection, id) is { } stored
        ? new AlertDetail(stored.View, [.. connection.Query<(long At, string What, string By, string Detail)>("SELECT at, what, by, detail FROM alert_event WHERE alert = @id ORDER BY row", new { id })
            .Select(row => new AlertEvent(SqlTime.From(row.At), row.What, row.By, row.Detail))])
        : null, cancel);

    public Task<(string Name, DateTimeOffset At, string By, AlertRuleSettings Settings)[]> RulesAsync(CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<(string Name, long At, string By, string Body)>("SELECT name, at, by, body FROM alert_rule ORDER BY name")
            .Select(row => (row.Name, SqlTime.From(row.At), row.By, JsonSerializer.Deserialize(row.Body, ContractsJson.Default.AlertRuleSettings)!)).ToArray(), cancel);

    /// <summary>Those that have not ended.</summary>
    public Task<SilenceView[]> SilencesAsync(DateTimeOffset now, CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<string>("SELECT body FROM alert_silence WHERE ends_at > @now ORDER BY ends_at, id", new { now = SqlTime.Of(now) }).Select(body => JsonSerializer.Deserialize(body, ContractsJson.Default.SilenceView)!).ToArray(), cancel);

    public static StoredAlert? Read(DbConnection connection, string id) =>
        connection.Query<(string Key, long Version, string Body)>("SELECT key, version, body FROM alert WHERE id = @id", new { id }).Select(row => new StoredAlert(row.Key, row.Version, Parse(row.Body))).SingleOrDefault();

    /// <returns>False when somebody else changed it in the meantime; nothing is written then.</returns>
    public static bool Write(DbConnection connection, string key, StoredAlert? before, AlertView? after, DateTimeOffset now)
    {
        if (after is null) return connection.Execute("DELETE FROM alert WHERE id = @Id AND version = @Version", new { before!.View.Id, before.Version }) == 1;
        var row = new
        {
            after.Id, key, open = after.State == AlertState.Resolved ? 0 : 1, state = after.State.ToString(), after.Rule, after.Subject, at = SqlTime.Of(now), version = (before?.Version ?? 0) + 1,
            body = JsonSerializer.Serialize(after, ContractsJson.Default.AlertView), known = before?.Version ?? 0,
        };
        return connection.Execute(before is null
            ? "INSERT INTO alert (id, key, open, state, rule, subject, at, version, body) VALUES (@Id, @key, @open, @state, @Rule, @Subject, @at, @version, @body) ON CONFLICT DO NOTHING"
            : "UPDATE alert SET open = @open, state = @state, at = @at, version = @version, body = @body WHERE id = @Id AND version = @known", row) == 1;
    }

    public static void AddEvent(DbConnection connection, string alert, DateTimeOffset at, string what, string by, string detail) => connection.Execute(
        "INSERT INTO alert_event (alert, at, what, by, detail) VALUES (@alert, @at, @what, @by, @detail)", new { alert, at = SqlTime.Of(at), what, by, detail });

    public static void SetRule(DbConnection connection, string name, AlertRuleSettings settings, string by, DateTimeOffset now) => connection.Execute(
        """
        INSERT INTO alert_rule (name, at, by, body) VALUES (@name, @at, @by, @body)
        ON CONFLICT (name) DO UPDATE SET at = excluded.at, by = excluded.by, body = excluded.body
        """, new { name, at = SqlTime.Of(now), by, body = JsonSerializer.Serialize(settings, ContractsJson.Default.AlertRuleSettings) });

    public static bool RemoveRule(DbConnection connection, string name) => connection.Execute("DELETE FROM alert_rule WHERE name = @name", new { name }) == 1;

    public static void SetSilence(DbConnection connection, SilenceView silence) => connection.Execute(
        """
        INSERT INTO alert_silence (id, ends_at, body) VALUES (@Id, @ends, @body)
        ON CONFLICT (id) DO UPDATE SET ends_at = excluded.ends_at, body = excluded.body
        """, new { silence.Id, ends = SqlTime.Of(silence.EndsAt), body = JsonSerializer.Serialize(silence, ContractsJson.Default.SilenceView) });

    public static SilenceView? ReadSilence(DbConnection connection, string id) =>
        connection.QuerySingleOrDefault<string>("SELECT body FROM alert_silence WHERE id = @id", new { id }) is { } body ? JsonSerializer.Deserialize(body, ContractsJson.Default.SilenceView) : null;

    /// <summary>Forgets what was over before that.</summary>
    public static void Prune(DbConnection connection, DateTimeOffset before)
    {
        var at = new { at = SqlTime.Of(before) };
        connection.Execute("DELETE FROM alert_event WHERE alert IN (SELECT id FROM alert WHERE state = 'Resolved' AND at < @at)", at);
        connection.Execute("DELETE FROM alert WHERE state = 'Resolved' AND at < @at", at);
        connection.Execute("DELETE FROM alert_silence WHERE ends_at < @at", at);
    }

    private static AlertView Parse(string body) => JsonSerializer.Deserialize(body, ContractsJson.Default.AlertView)!;
}
