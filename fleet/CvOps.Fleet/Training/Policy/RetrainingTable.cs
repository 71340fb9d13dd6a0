using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Training.Policy;

/// <summary>Rows of policies, of evidence that waits, and of the ledger.</summary>
internal static class RetrainingTable
{
    public static RetrainingPolicy? Policy(DbConnection connection, string model) =>
        connection.QuerySingleOrDefault<string>("SELECT body FROM retraining_policy WHERE model = @model", new { model }) is { } body ? Parse(body) : null;

    public static (RetrainingPolicy Policy, DateTimeOffset Since)[] Policies(DbConnection connection) =>
        [.. connection.Query<(string Body, long At)>("SELECT body, set_at FROM retraining_policy ORDER BY model").Select(row => (Parse(row.Body), SqlTime.From(row.At)))];

    public static void Set(DbConnection connection, RetrainingPolicy policy, DateTimeOffset now) => connection.Execute(
        "INSERT INTO retraining_policy (model, set_at, body) VALUES (@Model, @at, @body) ON CONFLICT (model) DO UPDATE SET body = excluded.body",
        new { policy.Model, at = SqlTime.Of(now), body = JsonSerializer.Serialize(policy, ContractsJson.Default.RetrainingPolicy) });

    /// <returns>False when there is none.</returns>
    public static bool Remove(DbConnection connection, string model)
    {
        connection.Execute("DELETE FROM retraining_evidence WHERE model = @model", new { model });
        return connection.Execute("DELETE FROM retraining_policy WHERE model = @model", new { model }) == 1;
    }

    /// <param name="key">The same evidence again, after a crash, is none.</param>
    /// <returns>False when it was there already.</returns>
    public static bool AddEvidence(DbConnection connection, string model, string key, RetrainingEvidence evidence) => connection.Execute(
        "INSERT INTO retraining_evidence (model, key, body) VALUES (@model, @key, @body) ON CONFLICT DO NOTHING",
        new { model, key, body = JsonSerializer.Serialize(evidence, ContractsJson.Default.RetrainingEvidence) }) == 1;

    /// <summary>What the policy is decided on, and the evidence's rows.</summary>
    public static (RetrainingFacts Facts, long[] Rows) Facts(DbConnection connection, RetrainingPolicy policy, DateTimeOffset since)
    {
        var pending = connection.Query<(long Row, string Body)>("SELECT row, body FROM retraining_evidence WHERE model = @Model AND entry IS NULL ORDER BY row", new { policy.Model }).ToArray();
        var last = Entries(connection, "model = @Model ORDER BY row DESC LIMIT 1", new { policy.Model }).FirstOrDefault();
        return (new RetrainingFacts(
            [.. pending.Select(row => JsonSerializer.Deserialize(row.Body, ContractsJson.Default.RetrainingEvidence)!)], NewLabels(connection, policy.Model, last?.StartedAt), last?.StartedAt, since,
            last is { FinishedAt: null }), [.. pending.Select(row => row.Row)]);
    }

    /// <summary>Who labelled frames of the model since, and when; the newest ten thousand.</summary>
    public static IEnumerable<(string By, DateTimeOffset At)> LabelTimes(DbConnection connection, string model, DateTimeOffset? since) => connection.Query<(string By, long At)>(
        $"SELECT l.by, l.at FROM labels AS l JOIN frames AS f ON f.id = l.frame AND f.synthetic = 0 WHERE l.at > @since AND l.state = @labelled AND {OfModel} ORDER BY l.row DESC LIMIT 10000",
        new { model, since = since is { } from ? SqlTime.Of(from) : long.MinValue, labelled = (int)LabelState.Labelled }).Select(row => (row.By, SqlTime.From(row.At)));

    public static RetrainingEntry[] Entries(DbConnection connection, string where, object? values = null) =>
        [.. connection.Query<string>($"SELECT body FROM retraining WHERE {where}", values).Select(body => JsonSerializer.Deserialize(body, ContractsJson.Default.RetrainingEntry)!)];

    /// <returns>The number that the next entry gets.</returns>
    public static long NextNumber(DbConnection connection) => connection.ExecuteScalar<long>("SELECT coalesce(max(row), 0) + 1 FROM retraining");

    /// <summary>Begins an entry, and makes the evidence that waited its own.</summary>
    public static void Begin(DbConnection connection, RetrainingEntry entry, RetrainingPolicy policy, long[] evidence)
    {
        connection.Execute("INSERT INTO retraining (id, model, finished, policy, body) VALUES (@Id, @Model, 0, @policy, @body)",
            new { entry.Id, entry.Model, policy = JsonSerializer.Serialize(policy, ContractsJson.Default.RetrainingPolicy), body = Body(entry) });
        foreach (var row in evidence) connection.Execute("UPDATE retraining_evidence SET entry = @Id WHERE row = @row", new { entry.Id, row });
    }

    public static void Save(DbConnection connection, RetrainingEntry entry) => connection.Execute(
        "UPDATE retraining SET finished = @finished, body = @body WHERE id = @Id", new { entry.Id, finished = entry.FinishedAt is null ? 0 : 1, body = Body(entry) });

    /// <returns>The entry, with the policy it began under; null when there is none of that id.</returns>
    public static (RetrainingEntry Entry, RetrainingPolicy Policy)? Find(DbConnection connection, string id) =>
        connection.Query<(string Body, string Policy)>("SELECT body, policy FROM retraining WHERE id = @id", new { id }).Select(row => ((RetrainingEntry, RetrainingPolicy)?)(JsonSerializer.Deserialize(row.Body, ContractsJson.Default.RetrainingEntry)!, Parse(row.Policy))).SingleOrDefault();

    /// <summary>Entries that are not over, each with the policy it began under.</summary>
    public static (RetrainingEntry Entry, RetrainingPolicy Policy)[] Unfinished(DbConnection connection) =>
        [.. connection.Query<(string Body, string Policy)>("SELECT body, policy FROM retraining WHERE finished = 0 ORDER BY row").Select(row => (JsonSerializer.Deserialize(row.Body, ContractsJson.Default.RetrainingEntry)!, Parse(row.Policy)))];

    // Imported pictures have no model: they are anybody's.
    private const string OfModel = "(f.model IS NULL OR f.model IN (SELECT digest FROM models WHERE name = @model))";

    private static int NewLabels(DbConnection connection, string model, DateTimeOffset? since) => connection.ExecuteScalar<int>(
        $"SELECT count(*) FROM frames AS f WHERE f.state = @labelled AND f.usage = @training AND f.synthetic = 0 AND f.labelled_at > @since AND {OfModel}",
        new { model, labelled = (int)LabelState.Labelled, training = (int)FrameUse.Training, since = since is { } from ? SqlTime.Of(from) : long.MinValue });

    private static string Body(RetrainingEntry entry) => JsonSerializer.Serialize(entry, ContractsJson.Default.RetrainingEntry);

    private static RetrainingPolicy Parse(string body) => JsonSerializer.Deserialize(body, ContractsJson.Default.RetrainingPolicy)!;
}
