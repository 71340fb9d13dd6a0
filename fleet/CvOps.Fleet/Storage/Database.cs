using System.Data.Common;

namespace CvOps.Fleet.Storage;

/// <summary>
/// The read models, on SQLite for one process or PostgreSQL for several: the same statements on both (<see cref="Dialect"/> has what differs). One
/// transaction writes at a time, in this process and in all that share the database. So a statement reads what stays true until its commit, and rows
/// become visible in the order of their numbers: whoever reads on from a cursor misses none.
/// </summary>
internal abstract class Database : IDisposable
{
    /// <summary>Runs one transaction; it is durable when the task ends. On an exception nothing of it remains.</summary>
    public abstract Task<T> WriteAsync<T>(Func<DbConnection, T> work, CancellationToken cancel);

    /// <summary>Runs beside whoever writes. Each statement sees the newest commit before it began.</summary>
    public abstract Task<T> ReadAsync<T>(Func<DbConnection, T> work, CancellationToken cancel);

    /// <summary>As <see cref="ReadAsync"/>, and all statements see the same moment.</summary>
    public abstract Task<T> ReadMomentAsync<T>(Func<DbConnection, T> work, CancellationToken cancel);

    /// <summary>After a text column in ORDER BY: by its bytes, whatever the database's language is.</summary>
    public abstract string ByteOrder { get; }

    /// <summary>Whether other processes may work on it, too.</summary>
    public abstract bool IsShared { get; }

    /// <summary>
    /// Whether this process is the one that does a duty. Of all that share the database at most one is told yes, and keeps it until it ends or loses its
    /// connection: ask before each piece of work, and again soon when the answer is no.
    /// </summary>
    public abstract Task<bool> HasDutyAsync(string duty, CancellationToken cancel);

    public abstract void Dispose();
}
