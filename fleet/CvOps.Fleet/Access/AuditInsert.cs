using System.Data.Common;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Access;

/// <summary>Entries of the audit log in one transaction, together with what they say.</summary>
internal sealed class AuditInsert(DbConnection connection) : IDisposable
{
    private PreparedCommand? _insert;

    public void Add(DateTimeOffset at, string by, string action, string subject, string detail)
    {
        _insert ??= new PreparedCommand(connection, Sql, "at", "by", "action", "subject", "detail");
        _insert.Run(SqlTime.Of(at), by, action, subject, detail);
    }

    public const string Sql = "INSERT INTO audit (at, by, action, subject, detail) VALUES (@at, @by, @action, @subject, @detail)";

    public void Dispose() => _insert?.Dispose();
}
