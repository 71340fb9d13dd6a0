using Microsoft.Data.Sqlite;

namespace CvOps.Fleet.Storage;

/// <summary>
/// The read models' SQLite file. One writer at a time by a gate of our own, so that waiting is fair and never SQLITE_BUSY;
/// readers run beside it on connections of their own (WAL). A commit is on disk when it returns (synchronous=FULL).
/// </summary>
internal sealed class Database : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly string _connectionString;
    private readonly DataLock _lock;
    private readonly SqliteConnection _writer;

    /// <exception cref="DataInUseException">Another process has the folder.</exception>
    /// <exception cref="SqliteException">The file cannot be opened or is no database.</exception>
    public Database(string path)
    {
        Sqlite.Initialise();
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 30 }.ToString();
        _lock = new DataLock(Path.GetDirectoryName(path)!);
        try
        {
            _writer = Open();
            Migrations.Apply(_writer);
        }
        catch
        {
            _writer?.Dispose();
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>Runs one transaction; it is durable when the task ends. On an exception nothing of it remains.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            // On a pool thread: the callers are request and message handlers, and an fsync is long.
            return await Task.Run(() =>
            {
                using var transaction = _writer.BeginTransaction();
                var result = work(_writer);
                transaction.Commit();
                return result;
            }, cancel);
        }
        finally
        {
            _gate.Release();
        }
    }

    public Task<T> ReadAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancel) => Task.Run(() =>
    {
        using var connection = Open();
        return work(connection);
    }, cancel);

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=30000; PRAGMA temp_store=MEMORY;";
        command.ExecuteNonQuery();
        return connection;
    }

    public void Dispose()
    {
        _writer.Dispose();
        _lock.Dispose();
        _gate.Dispose();
    }
}
