using System.Data.Common;
using System.Runtime.CompilerServices;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Trail;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access;

/// <summary>Who decided what, append-only: a trigger in the database refuses to change or delete an entry.</summary>
internal sealed class Audit(Database database, SharedWrites shared, TimeProvider time)
{
    private const int Some = 1000;

    /// <param name="by">A person's name as given, or the part of the fleet that decided, e.g. <c>rollout</c>.</param>
    /// <param name="action">What, in lower case with a dot: <c>model.registered</c>, <c>rollout.paused</c>.</param>
    /// <param name="subject">On what: an id, a digest.</param>
    public Task RecordAsync(string by, string action, string subject, string detail, CancellationToken cancel) =>
        shared.WriteAsync(connection => Add(connection, time.GetUtcNow(), by, action, subject, detail), cancel);

    /// <summary>As <see cref="RecordAsync"/>, in the transaction that does what the entry says.</summary>
    public static int Add(DbConnection connection, DateTimeOffset at, string by, string action, string subject, string detail)
    {
        using var insert = new AuditInsert(connection);
        return insert.Add(at, by, action, subject, detail);
    }

    /// <summary>Whether one of the newest entries is of one of the two actions on that subject and its detail begins with the word.</summary>
    public Task<bool> MentionsAsync(string action, string orAction, string subject, string word, int newest, CancellationToken cancel) => database.ReadAsync(connection => connection.ExecuteScalar<bool>(
        """
        SELECT EXISTS (SELECT 1 FROM audit WHERE cursor > (SELECT coalesce(max(cursor), 0) FROM audit) - @newest AND action IN (@action, @orAction) AND subject = @subject
          AND substr(detail, 1, length(@word) + 1) = @word || ' ')
        """, new { action, orAction, subject, word, newest }), cancel);

    /// <param name="cursor">Of the last entry seen; 0 from the start.</param>
    /// <param name="newest">Backwards, the newest first.</param>
    public async Task<AuditPage> ReadAsync(AuditFilter filter, long cursor, bool newest, int limit, CancellationToken cancel)
    {
        var entries = await database.ReadAsync(connection => AuditTable.Page(connection, filter, cursor, newest, limit), cancel);
        return new AuditPage(entries, entries is [.., var last] ? last.Cursor : cursor);
    }

    /// <inheritdoc cref="ReadAsync(AuditFilter, long, bool, int, CancellationToken)"/>
    public Task<AuditPage> ReadAsync(long after, int limit, CancellationToken cancel) => ReadAsync(new AuditFilter(), after, newest: false, limit, cancel);

    /// <summary>Looks at the whole chain, at one moment.</summary>
    public Task<AuditVerification> VerifyAsync(CancellationToken cancel) => database.ReadMomentAsync(connection => AuditCheck.Of(AuditTable.Rows(connection, 0, long.MaxValue)), cancel);

    /// <summary>All entries in their order, some at a time, so that whoever reads slowly holds up nobody.</summary>
    public async IAsyncEnumerable<AuditEntry> AllAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        for (var after = 0L; ;)
        {
            var from = after;
            var some = await database.ReadAsync(connection => AuditTable.Rows(connection, from, Some).ToArray(), cancel);
            foreach (var entry in some) yield return entry;
            if (some.Length < Some) yield break;
            after = some[^1].Cursor;
        }
    }
}
