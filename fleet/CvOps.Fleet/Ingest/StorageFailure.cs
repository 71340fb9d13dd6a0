using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace CvOps.Fleet.Ingest;

/// <summary>Tells a broken or full disk, which passes, from a message that can never be stored.</summary>
internal static class StorageFailure
{
    // Primary result codes of SQLite: busy, locked, no memory, read-only, I/O, corrupt, full, cannot open.
    private static readonly HashSet<int> Codes = [5, 6, 7, 8, 10, 11, 13, 14];

    // Classes of SQLSTATE: connection lost, transaction rolled back by the server, out of resources, operator's doing, system's fault.
    private static readonly HashSet<string> Classes = ["08", "40", "53", "57", "58"];

    public static bool IsStorage(Exception failure) => failure switch
    {
        IOException or UnauthorizedAccessException => true,
        SqliteException sqlite => Codes.Contains(sqlite.SqliteErrorCode),
        DbException other => other.IsTransient || (other.SqlState is { Length: 5 } state && Classes.Contains(state[..2])),
        _ => false,
    };
}
