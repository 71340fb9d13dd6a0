using System.Data.Common;
using Npgsql;

namespace CvOps.Fleet.Storage;

/// <summary>
/// A database that several fleets share. Their writers take turns by a lock in the database, so a transaction finds what a single process would find and
/// no statement has to think of others; who waits longest is next. What a process holds ends with its connection, so with the process.
/// </summary>
internal sealed class PostgresDatabase : Database
{
    /// <summary>Numbers of our advisory locks: the writers' turn, and the space of duties.</summary>
    internal const long WritersTurn = 0x63766F7073; // "cvops"
    private const int DutySpace = 0x63766F70;

    /// <summary>A process that hangs in the middle of a transaction, or whose machine vanished, gives its turn up.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(20);

    private readonly NpgsqlDataSource _source;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SemaphoreSlim _dutyGate = new(1, 1);
    private NpgsqlConnection? _duties;
    private readonly HashSet<string> _mine = [];

    /// <param name="connectionString">Npgsql's.</param>
    /// <exception cref="NpgsqlException">The database cannot be reached, or does not let us in.</exception>
    /// <exception cref="InvalidDataException">A newer fleet has been here.</exception>
    public PostgresDatabase(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "cvops-fleet" };
        if (settings.KeepAlive == 0) settings.KeepAlive = 5;
        settings.Options = $"{settings.Options} -c idle_in_transaction_session_timeout={(int)LongestPause.TotalMilliseconds} -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3".Trim();
        _source = NpgsqlDataSource.Create(settings);
        PostgresSchema.Apply(_source);
    }

    /// <summary>Connections to the same database, for listening.</summary>
    public NpgsqlDataSource Source => _source;

    public override string ByteOrder => " COLLATE \"C\"";

    public override bool IsShared => true;

    public override async Task<T> WriteAsync<T>(Func<DbConnection, T> work, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            return await Task.Run(() =>
            {
                using var connection = _source.OpenConnection();
                using var transaction = connection.BeginTransaction();
                using (var turn = new NpgsqlCommand($"SELECT pg_advisory_xact_lock({WritersTurn})", connection)) turn.ExecuteNonQuery();
                var result = work(connection);
                transaction.Commit();
                return result;
            }, cancel);
        }
        finally
        {
            _gate.Release();
        }
    }

    public override Task<T> ReadAsync<T>(Func<DbConnection, T> work, CancellationToken cancel) => Task.Run(() =>
    {
        using var connection = _source.OpenConnection();
        return work(connection);
    }, cancel);

    public override Task<T> ReadMomentAsync<T>(Func<DbConnection, T> work, CancellationToken cancel) => Task.Run(() =>
    {
        using var connection = _source.OpenConnection();
        using var moment = connection.BeginTransaction(System.Data.IsolationLevel.RepeatableRead);
        return work(connection);
    }, cancel);

    public override async Task<bool> HasDutyAsync(string duty, CancellationToken cancel)
    {
        await _dutyGate.WaitAsync(cancel);
        try
        {
            // Asked of the server each time: a connection that broke took the locks with it.
            _duties ??= await _source.OpenConnectionAsync(cancel);
            await using var ask = new NpgsqlCommand(_mine.Contains(duty) ? "SELECT true" : "SELECT pg_try_advisory_lock($1, hashtext($2))", _duties);
            if (!_mine.Contains(duty))
            {
                ask.Parameters.AddWithValue(DutySpace);
                ask.Parameters.AddWithValue(duty);
            }
            if (!(bool)(await ask.ExecuteScalarAsync(cancel))!) return false;
            _mine.Add(duty);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // Unknown is no: somebody else may have it by now.
            _mine.Clear();
            if (_duties is { } broken) await broken.DisposeAsync();
            _duties = null;
            return false;
        }
        finally
        {
            _dutyGate.Release();
        }
    }

    public override void Dispose()
    {
        // Closed for good, not back into the pool, where it would keep its locks.
        if (_duties is { } held) NpgsqlConnection.ClearPool(held);
        _duties?.Dispose();
        _source.Dispose();
        _gate.Dispose();
        _dutyGate.Dispose();
    }
}
