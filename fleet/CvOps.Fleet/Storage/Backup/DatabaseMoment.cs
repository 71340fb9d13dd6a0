using CvOps.Contracts;
using Microsoft.Data.Sqlite;

namespace CvOps.Fleet.Storage.Backup;

/// <summary>
/// Copies of both databases as they are at one moment, while a fleet writes to them. Read models and grains commit by themselves: a copy of each at its own time could show a
/// rollout that the other does not know. So both stand still for as long as it takes to begin reading each (milliseconds), then the fleet goes on, and the copies
/// are of that moment: what a kill -9 would have left, from which a fleet is known to start.
/// </summary>
internal static class DatabaseMoment
{
    public static readonly string[] Files = ["grains.db", "fleet.db"];

    private const int Patience = 30;

    /// <summary>Copies them into a folder, whole and flushed to the disk.</summary>
    /// <param name="data">The fleet's folder.</param>
    /// <param name="folder">Is there, and empty.</param>
    /// <returns>The moment of which they are, and how many steps of <see cref="Migrations"/> the read models have.</returns>
    /// <exception cref="InvalidDataException">A database is damaged: the copy of it is no backup.</exception>
    /// <exception cref="SqliteException">A database cannot be read, or somebody wrote for half a minute without an end.</exception>
    public static (DateTimeOffset At, int Schema) Copy(string data, string folder, TimeProvider time)
    {
        Sqlite.Initialise();
        var sources = Files.Select(file => Open(Path.Combine(data, file), SqliteOpenMode.ReadWrite)).ToArray();
        var writers = Files.Select(file => Open(Path.Combine(data, file), SqliteOpenMode.ReadWrite)).ToArray();
        try
        {
            var at = Stand(writers, sources, time);
            for (var i = 0; i < Files.Length; i++) Copy(sources[i], Path.Combine(folder, Files[i]));
            DurableFile.SyncFolder(folder);
            return (at, (int)(long)Answer(sources[^1], Dialect.Sqlite.ReadVersion));
        }
        finally
        {
            foreach (var connection in (SqliteConnection[])[.. sources, .. writers]) connection.Dispose();
        }
    }

    /// <summary>A connection that runs no statement of ours by itself and keeps no lock.</summary>
    public static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = Patience }.ToString());
        connection.Open();
        return connection;
    }

    private static DateTimeOffset Stand(SqliteConnection[] writers, SqliteConnection[] sources, TimeProvider time)
    {
        // A read transaction begins with its first read, not with its BEGIN.
        foreach (var writer in writers) Run(writer, "BEGIN IMMEDIATE");
        foreach (var source in sources) Run(source, "BEGIN; SELECT count(*) FROM sqlite_schema");
        var at = time.GetUtcNow();
        foreach (var writer in writers) Run(writer, "ROLLBACK");
        return at;
    }

    private static void Copy(SqliteConnection source, string path)
    {
        using (var copy = Open(path, SqliteOpenMode.ReadWriteCreate))
        {
            source.BackupDatabase(copy);
            if ((string)Answer(copy, "PRAGMA quick_check(1)") is not "ok" and var damage)
                throw new InvalidDataException($"{Path.GetFileName(path)} is damaged ({damage.ReplaceLineEndings(" ")}), so nothing was backed up; earlier backups are as they were. Restore one of them, or repair it: sqlite3 {Path.GetFileName(path)} .recover");
            // One file, without a log beside it.
            Answer(copy, "PRAGMA journal_mode=DELETE");
        }
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        DurableFile.Sync(file);
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object Answer(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()!;
    }
}
