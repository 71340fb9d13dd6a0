using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access.Trail;

/// <summary>Which entries somebody looks for; null members leave it open.</summary>
/// <param name="Action">The whole, or its beginning and <c>*</c>.</param>
/// <param name="Text">A part of the detail.</param>
internal sealed record AuditFilter(string? By = null, string? Action = null, string? Subject = null, string? Text = null, DateTimeOffset? Since = null, DateTimeOffset? Until = null);

/// <summary>Reads the audit log's rows.</summary>
internal static class AuditTable
{
    private const string Columns = "cursor, at, by, action, subject, detail, hash";

    /// <summary>In the order of the chain, one at a time: the caller walks them while the connection is its own.</summary>
    public static IEnumerable<AuditEntry> Rows(DbConnection connection, long after, long limit) => connection
        .Query<Row>($"SELECT {Columns} FROM audit WHERE cursor > @after ORDER BY cursor LIMIT @limit", new { after, limit }, buffered: false).Select(row => row.Entry());

    /// <param name="newest">The newest first and those before <paramref name="cursor"/>; else the oldest first and those after it.</param>
    /// <param name="cursor">0 with the newest first: from the end.</param>
    public static AuditEntry[] Page(DbConnection connection, AuditFilter filter, long cursor, bool newest, int limit)
    {
        var all = new List<string> { newest ? cursor > 0 ? "cursor < @cursor" : "cursor > 0" : "cursor > @cursor" };
        if (filter.By is not null) all.Add("by = @By");
        if (filter.Action is not null) all.Add(filter.Action.EndsWith('*') ? "action LIKE @Like ESCAPE '!'" : "action = @Action");
        if (filter.Subject is not null) all.Add("subject = @Subject");
        if (filter.Text is not null) all.Add("detail LIKE @Part ESCAPE '!'");
        if (filter.Since is not null) all.Add("at >= @since");
        if (filter.Until is not null) all.Add("at < @until");
        return [.. connection.Query<Row>($"SELECT {Columns} FROM audit WHERE {string.Join(" AND ", all)} ORDER BY cursor {(newest ? "DESC" : "")} LIMIT @limit", new
        {
            cursor, limit, filter.By, filter.Action, filter.Subject, Like = SqlText.Literal(filter.Action?.TrimEnd('*')) + "%", Part = $"%{SqlText.Literal(filter.Text)}%",
            since = filter.Since is { } since ? SqlTime.Of(since) : 0, until = filter.Until is { } until ? SqlTime.Of(until) : 0,
        }).Select(row => row.Entry())];
    }

    private sealed class Row
    {
        public long Cursor { get; init; }
        public long At { get; init; }
        public string By { get; init; } = "";
        public string Action { get; init; } = "";
        public string Subject { get; init; } = "";
        public string Detail { get; init; } = "";
        public string? Hash { get; init; }

        public AuditEntry Entry() => new(Cursor, SqlTime.From(At), By, Action, Subject, Detail, Hash);
    }
}
