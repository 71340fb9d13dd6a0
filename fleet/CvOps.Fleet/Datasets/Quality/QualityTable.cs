using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Datasets.Quality;

/// <summary>What the last check of each snapshot, and of all frames, found; and which findings people accepted, which outlives the checks.</summary>
internal static class QualityTable
{
    /// <summary>Findings of a kind that are kept; all are counted.</summary>
    private const int Kept = 5000;

    private const string Insert = "INSERT INTO quality_finding (scope, id, kind, place, body) VALUES (@scope, @Id, @Kind, @Place, @Body)";

    /// <param name="scope">Digest of the snapshot; empty for all frames.</param>
    /// <param name="report">Without its counts.</param>
    /// <returns>The report with them.</returns>
    public static QualityReport Replace(DbConnection connection, string scope, QualityReport report, IReadOnlyList<QualityFinding> findings)
    {
        var accepted = connection.Query<string>("SELECT id FROM quality_accepted WHERE scope = @scope", new { scope }).ToHashSet();
        report = report with
        {
            Kinds = [.. findings.GroupBy(finding => finding.Kind).OrderBy(kind => kind.Key).Select(kind => new QualityCount(kind.Key, kind.Count(finding => !accepted.Contains(finding.Id)), kind.Count(finding => accepted.Contains(finding.Id))))],
        };
        connection.Execute("DELETE FROM quality_finding WHERE scope = @scope", new { scope });
        var kept = findings.GroupBy(finding => finding.Kind).SelectMany(kind => kind.OrderByDescending(finding => finding.Weight).Take(Kept))
            .OrderByDescending(finding => finding.Level).ThenByDescending(finding => finding.Weight).ThenBy(finding => finding.Id, StringComparer.Ordinal).ToArray();
        connection.Execute(Insert, kept.Select((finding, place) => new { scope, finding.Id, Kind = finding.Kind.ToString(), Place = place, Body = JsonSerializer.Serialize(finding, ContractsJson.Default.QualityFinding) }));
        FindingWork.Remember(connection, scope, kept);
        connection.Execute("INSERT INTO quality_report (scope, at, body) VALUES (@scope, @At, @Body) ON CONFLICT (scope) DO UPDATE SET at = excluded.at, body = excluded.body",
            new { scope, At = SqlTime.Of(report.At), Body = JsonSerializer.Serialize(report, ContractsJson.Default.QualityReport) });
        return report;
    }

    public static QualityReport? Report(DbConnection connection, string scope) =>
        connection.QuerySingleOrDefault<string>("SELECT body FROM quality_report WHERE scope = @scope", new { scope }) is { } body ? Counted(connection, scope, JsonSerializer.Deserialize(body, ContractsJson.Default.QualityReport)!) : null;

    /// <param name="accepted">Whether those that people accepted are asked for, or the open ones.</param>
    /// <param name="after">Place of the last finding seen; -1 for the first page.</param>
    public static FindingPage Page(DbConnection connection, string scope, QualityKind? kind, bool accepted, int after, int limit)
    {
        var rows = connection.Query<(long Place, string Body, string? By, long? At)>(
            """
            SELECT f.place, f.body, a.by, a.at FROM quality_finding AS f LEFT JOIN quality_accepted AS a ON a.scope = f.scope AND a.id = f.id
            WHERE f.scope = @scope AND (@kind IS NULL OR f.kind = @kind) AND f.place > @after AND (f.settled_at IS NULL OR a.id IS NOT NULL) AND (CASE WHEN a.id IS NULL THEN 0 ELSE 1 END) = @wanted ORDER BY f.place LIMIT @limit
            """, new { scope, kind = kind?.ToString(), after, wanted = accepted ? 1 : 0, limit }).AsList();
        return new FindingPage([.. rows.Select(row => Of(row.Body, row.By, row.At))], rows.Count == limit ? $"{rows[^1].Place}" : null);
    }

    /// <returns>The finding as it is now; null when the last check found no such.</returns>
    public static QualityFinding? Decide(DbConnection connection, string scope, string id, QualityDecision decision, DateTimeOffset now)
    {
        if (connection.QuerySingleOrDefault<string>("SELECT body FROM quality_finding WHERE scope = @scope AND id = @id", new { scope, id }) is not { } body) return null;
        connection.Execute(decision.Accept
            ? "INSERT INTO quality_accepted (scope, id, at, by) VALUES (@scope, @id, @At, @By) ON CONFLICT DO NOTHING"
            : "DELETE FROM quality_accepted WHERE scope = @scope AND id = @id", new { scope, id, At = SqlTime.Of(now), decision.By });
        var (by, at) = connection.QuerySingleOrDefault<(string? By, long? At)>("SELECT by, at FROM quality_accepted WHERE scope = @scope AND id = @id", new { scope, id });
        return Of(body, by, at);
    }

    private static QualityFinding Of(string body, string? by, long? at)
    {
        var finding = JsonSerializer.Deserialize(body, ContractsJson.Default.QualityFinding)!;
        return by is null ? finding : finding with { Accepted = new QualityAcceptance(by, SqlTime.From(at!.Value)) };
    }

    /// <summary>What people accepted since the check moves from open to accepted; what they settled is neither.</summary>
    private static QualityReport Counted(DbConnection connection, string scope, QualityReport report)
    {
        var counts = connection.Query<(string Kind, long Accepted, long Settled)>(
            """
            SELECT f.kind, count(a.id), sum(CASE WHEN a.id IS NULL AND f.settled_at IS NOT NULL THEN 1 ELSE 0 END)
            FROM quality_finding AS f LEFT JOIN quality_accepted AS a ON a.scope = f.scope AND a.id = f.id WHERE f.scope = @scope GROUP BY f.kind
            """, new { scope }).ToDictionary(count => count.Kind, count => ((int)count.Accepted, (int)count.Settled));
        return report with
        {
            Kinds = [.. report.Kinds.Select(kind => counts.GetValueOrDefault(kind.Kind.ToString()) is var (accepted, settled) ? new QualityCount(kind.Kind, kind.Open + kind.Accepted - accepted - settled, accepted) : kind)],
        };
    }
}
