using Microsoft.Data.Sqlite;

namespace CvOps.Fleet.Ingest;

/// <summary>Tells a broken or full disk, which passes, from a message that can never be stored.</summary>
internal static class StorageFailure
{
    // Primary result codes of SQLite: busy, locked, no memory, read-only, I/O, corrupt, full, cannot open.
    private static readonly HashSet<int> Codes = [5, 6, 7, 8, 10, 11, 13, 14];

    public static bool IsStorage(Exception failure) =>
        failure is IOException or UnauthorizedAccessException || (failure is SqliteException sql && Codes.Contains(sql.SqliteErrorCode));
}
