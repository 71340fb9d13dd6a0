using System.Data.Common;
using System.Threading.Channels;
using Dapper;

namespace CvOps.Fleet.Storage;

/// <summary>
/// Small writes of many callers in one transaction: while one is on its way to the disk, the next ones gather. Each is whole or not at all: one that throws
/// takes back its own statements and nobody else's. A wave over a hundred thousand devices would wait for as many commits without it.
/// </summary>
internal sealed class SharedWrites : IAsyncDisposable, IDisposable
{
    private const int MostInOne = 1000;

    private readonly Channel<Write> _waiting = Channel.CreateBounded<Write>(new BoundedChannelOptions(4 * MostInOne) { SingleReader = true });
    private readonly Database _database;
    private readonly Task _runs;

    public SharedWrites(Database database)
    {
        _database = database;
        _runs = Task.Run(RunAsync);
    }

    /// <returns>When the work is durable.</returns>
    public Task<T> WriteAsync<T>(Func<DbConnection, T> work, CancellationToken cancel) => WriteAsync(work, null, cancel);

    /// <param name="after">Called with what the work returned when that is durable, one after the other in the order of the commits; it does not wait and does not throw.</param>
    /// <returns>When it was called.</returns>
    public async Task<T> WriteAsync<T>(Func<DbConnection, T> work, Action<T>? after, CancellationToken cancel)
    {
        var write = new Write<T>(work, after);
        try
        {
            await _waiting.Writer.WriteAsync(write, cancel);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SharedWrites), "The fleet is stopping and writes nothing more.");
        }
        return await write.Done.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _runs;
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task RunAsync()
    {
        var group = new List<Write>(MostInOne);
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (group.Count < MostInOne && _waiting.Reader.TryRead(out var write)) group.Add(write);
            Exception? failure = null;
            try
            {
                await _database.WriteAsync(connection =>
                {
                    foreach (var write in group) write.Run(connection, alone: group.Count == 1);
                    return true;
                }, CancellationToken.None);
            }
            catch (Exception e)
            {
                failure = e;
            }
            foreach (var write in group) write.Finish(failure);
            group.Clear();
        }
    }

    private abstract class Write
    {
        public abstract void Run(DbConnection connection, bool alone);

        public abstract void Finish(Exception? failure);
    }

    private sealed class Write<T>(Func<DbConnection, T> work, Action<T>? after) : Write
    {
        private Exception? _failure;
        private T? _result;

        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Run(DbConnection connection, bool alone)
        {
            if (alone)
            {
                _result = work(connection);
                return;
            }
            connection.Execute("SAVEPOINT one");
            try
            {
                _result = work(connection);
            }
            catch (Exception e)
            {
                _failure = e;
                connection.Execute("ROLLBACK TO SAVEPOINT one");
            }
            connection.Execute("RELEASE SAVEPOINT one");
        }

        public override void Finish(Exception? failure)
        {
            if ((_failure ?? failure) is { } reason)
            {
                Done.SetException(reason);
                return;
            }
            after?.Invoke(_result!);
            Done.SetResult(_result!);
        }
    }
}
