using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Orleans.Storage;

/// <summary>
/// One SQLite file in WAL mode with synchronous=FULL. A thread of its own does all the work, as many waiting writes as
/// there are in one transaction, so that the cost of a sync to disk is shared. A task completes after the commit.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    private const int WaitingWrites = 4096;
    private const int WritesPerTransaction = 256;

    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(WaitingWrites) { SingleReader = true });
    private readonly SqliteConnection _connection;
    private readonly Thread _thread;

    public SqliteDatabase(string connectionString)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder(connectionString) { Pooling = false }.ToString());
        _connection.Open();
        Run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=10000;");
        _thread = new Thread(WriteLoop) { IsBackground = true, Name = "orleans-sqlite" };
        _thread.Start();
    }

    /// <summary>Runs one statement's worth of work inside the next transaction.</summary>
    /// <exception cref="SqliteException">The work or its commit failed; nothing of it is stored.</exception>
    /// <exception cref="ObjectDisposedException">The database has been closed.</exception>
    public async Task<T> Execute<T>(Func<SqliteConnection, T> work, CancellationToken cancel = default)
    {
        var item = new Work<T>(work);
        try
        {
            await _queue.Writer.WriteAsync(item, cancel).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SqliteDatabase), "The silo's database is closed.");
        }

        return await item.Done.Task.ConfigureAwait(false);
    }

    public void Dispose()
    {
        if (!_queue.Writer.TryComplete()) return;
        _thread.Join();
        _connection.Dispose();
    }

    private void WriteLoop()
    {
        var batch = new List<Work>(WritesPerTransaction);
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Count < WritesPerTransaction && _queue.Reader.TryRead(out var work)) batch.Add(work);
            Exception? failure = null;
            try
            {
                Run("BEGIN IMMEDIATE");
                foreach (var work in batch) work.Run(_connection);
                Run("COMMIT");
            }
            catch (SqliteException e)
            {
                failure = e;
                TryRollback();
            }

            foreach (var work in batch) work.Finish(failure);
            batch.Clear();
        }
    }

    private void TryRollback()
    {
        try
        {
            Run("ROLLBACK");
        }
        catch (SqliteException)
        {
            // A full disk or an I/O error has rolled the transaction back already.
        }
    }

    private void Run(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private abstract class Work
    {
        public abstract void Run(SqliteConnection connection);

        public abstract void Finish(Exception? commitFailure);
    }

    private sealed class Work<T>(Func<SqliteConnection, T> work) : Work
    {
        private Exception? _failure;
        private T? _result;

        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Run(SqliteConnection connection)
        {
            try
            {
                _result = work(connection);
            }
            catch (Exception e)
            {
                // One statement is atomic in SQLite: the others of this transaction are unharmed.
                _failure = e;
            }
        }

        public override void Finish(Exception? commitFailure)
        {
            if ((_failure ?? commitFailure) is { } failure) Done.SetException(failure);
            else Done.SetResult(_result!);
        }
    }
}
