using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace CvOps.Fleet.Storage;

/// <summary>
/// A file. One writer at a time by a gate of our own, so that waiting is fair and never SQLITE_BUSY; readers run beside it on connections of their own (WAL).
/// A commit is on disk when it returns (synchronous=FULL).
/// </summary>
internal sealed class SqliteDatabase : Database
{
    private const int ReadersKept = 8;
    private const int WriterCache = 8 << 10;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly string _connectionString;
    private readonly DataLock _lock;
    private readonly SqliteConnection _writer;

    // To open one and say how it is to behave takes longer than most reads.
    private readonly ConcurrentBag<SqliteConnection> _readers = [];

    /// <exception cref="DataInUseException">Another process has the folder.</exception>
    /// <exception cref="SqliteException">The file cannot be opened or is no database.</exception>
    public SqliteDatabase(string path)
    {
        Sqlite.Initialise();
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 30 }.ToString();
        _lock = new DataLock(Path.GetDirectoryName(path)!);
        try
        {
            _writer = Open();
            // In KiB. What one transaction changes goes to the log more than once where it does not fit: an import touches tens of thousands of pages.
            using (var cache = _writer.CreateCommand())
            {
                cache.CommandText = $"PRAGMA cache_size = -{WriterCache}";
                cache.ExecuteNonQuery();
            }
            Migrations.Apply(_writer, Dialect.Sqlite);
        }
        catch
        {
            _writer?.Dispose();
            _lock.Dispose();
            throw;
        }
    }

    public override string ByteOrder => "";

    public override bool IsShared => false;

    public override async Task<T> WriteAsync<T>(Func<DbConnection, T> work, CancellationToken cancel)
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

    public override Task<T> ReadAsync<T>(Func<DbConnection, T> work, CancellationToken cancel) => Task.Run(() => Read(work), cancel);

    public override Task<T> ReadMomentAsync<T>(Func<DbConnection, T> work, CancellationToken cancel) => Task.Run(() => Read(connection =>
    {
        using var moment = ((SqliteConnection)connection).BeginTransaction(deferred: true);
        return work(connection);
    }), cancel);

    private T Read<T>(Func<DbConnection, T> work)
    {
        if (!_readers.TryTake(out var connection)) connection = Open();
        T result;
        try
        {
            result = work(connection);
        }
        catch
        {
            // Nobody knows what is still open on it.
            connection.Dispose();
            throw;
        }
        _readers.Add(connection);
        if (_readers.Count > ReadersKept && _readers.TryTake(out var surplus)) surplus.Dispose();
        return result;
    }

    public override Task<bool> HasDutyAsync(string duty, CancellationToken cancel) => Task.FromResult(true);

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        // LIKE tells upper from lower case, as everywhere else.
        command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=30000; PRAGMA temp_store=MEMORY; PRAGMA case_sensitive_like=ON;";
        command.ExecuteNonQuery();
        return connection;
    }

    public override void Dispose()
    {
        while (_readers.TryTake(out var reader)) reader.Dispose();
        _writer.Dispose();
        _lock.Dispose();
        _gate.Dispose();
    }
}
