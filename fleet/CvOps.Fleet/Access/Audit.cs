using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access;

/// <summary>Who decided what, append-only: a trigger in the database refuses to change or delete an entry.</summary>
internal sealed class Audit(Database database, SharedWrites shared, TimeProvider time)
{
    /// <param name="by">A person's name as given, or the part of the fleet that decided, e.g. <c>rollout</c>.</param>
    /// <param name="action">What, in lower case with a dot: <c>model.registered</c>, <c>rollout.paused</c>.</param>
    /// <param name="subject">On what: an id, a digest.</param>
    public Task RecordAsync(string by, string action, string subject, string detail, CancellationToken cancel) =>
        shared.WriteAsync(connection => Add(connection, time.GetUtcNow(), by, action, subject, detail), cancel);

    /// <summary>As <see cref="RecordAsync"/>, in the transaction that does what the entry says.</summary>
    public static int Add(DbConnection connection, DateTimeOffset at, string by, string action, string subject, string detail) => connection.Execute(
        AuditInsert.Sql, new { at = SqlTime.Of(at), by, action, subject, detail });

    /// <summary>Whether one of the newest entries is of one of the two actions on that subject and its detail begins with the word.</summary>
    public Task<bool> MentionsAsync(string action, string orAction, string subject, string word, int newest, CancellationToken cancel) => database.ReadAsync(connection => connection.ExecuteScalar<bool>(
        """
        SELECT EXISTS (SELECT 1 FROM audit WHERE cursor > (SELECT coalesce(max(cursor), 0) FROM audit) - @newest AND action IN (@action, @orAction) AND subject = @subject
          AND substr(detail, 1, length(@word) + 1) = @word || ' ')
        """, new { action, orAction, subject, word, newest }), cancel);

    /// <param name="after">Cursor of the last entry seen; 0 from the start.</param>
    public async Task<AuditPage> ReadAsync(long after, int limit, CancellationToken cancel)
    {
        var rows = await database.ReadAsync(connection => connection.Query<(long Cursor, long At, string By, string Action, string Subject, string Detail)>(
            "SELECT cursor, at, by, action, subject, detail FROM audit WHERE cursor > @after ORDER BY cursor LIMIT @limit", new { after, limit }), cancel);
        var entries = rows.Select(r => new AuditEntry(r.Cursor, SqlTime.From(r.At), r.By, r.Action, r.Subject, r.Detail)).ToArray();
        return new AuditPage(entries, entries is [.., var last] ? last.Cursor : after);
    }
}
