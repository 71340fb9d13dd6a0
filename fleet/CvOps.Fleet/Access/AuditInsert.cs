using System.Data.Common;
using CvOps.Fleet.Access.Trail;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Access;

/// <summary>
/// Entries of the audit log in one transaction, together with what they say. One transaction writes at a time, also of several fleets on one database, so each
/// finds the entry before it and the chain never forks.
/// </summary>
internal sealed class AuditInsert(DbConnection connection) : IDisposable
{
    private const string Sql = "INSERT INTO audit (at, by, action, subject, detail, hash) VALUES (@at, @by, @action, @subject, @detail, @hash)";

    private PreparedCommand? _last;
    private PreparedCommand? _insert;

    public int Add(DateTimeOffset at, string by, string action, string subject, string detail)
    {
        _last ??= new PreparedCommand(connection, "SELECT hash FROM audit ORDER BY cursor DESC LIMIT 1");
        _insert ??= new PreparedCommand(connection, Sql, "at", "by", "action", "subject", "detail", "hash");
        // As the database keeps it: a finer time would not come back.
        var kept = SqlTime.From(SqlTime.Of(at));
        // Asked each time: others of this transaction may have written in between.
        return _insert.Run(SqlTime.Of(at), by, action, subject, detail, AuditHash.Next(Before(_last.With().ExecuteScalar()), kept, by, action, subject, detail));
    }

    public void Dispose()
    {
        _last?.Dispose();
        _insert?.Dispose();
    }

    /// <summary>Entries of before there were hashes are hashed once, when the first one joins them.</summary>
    private string Before(object? last) => last switch
    {
        string hash => hash,
        null => AuditHash.Beginning,
        _ => AuditTable.Rows(connection, 0, long.MaxValue).Aggregate(AuditHash.Beginning, (before, row) => AuditHash.Next(before, row.At, row.By, row.Action, row.Subject, row.Detail)),
    };
}
