using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Storage;

/// <summary>From SQLite's own mouth: every row that a running fleet would write into one table fails, until <see cref="Heal"/>.</summary>
internal sealed class FailingTable
{
    /// <summary>SQLITE_FULL: passes.</summary>
    public const int DiskFull = 13;

    /// <summary>SQLITE_CONSTRAINT: never passes.</summary>
    public const int Constraint = 19;

    private volatile bool _fails = true;
    private int _failures;

    /// <summary>How often it has failed.</summary>
    public int Failures => Volatile.Read(ref _failures);

    /// <param name="verb">INSERT, UPDATE or DELETE.</param>
    public static Task<FailingTable> OfAsync(FleetHost fleet, string table, string verb = "INSERT", int code = DiskFull) => fleet.Services.GetRequiredService<Database>().WriteAsync(connection =>
    {
        var it = new FailingTable();
        ((SqliteConnection)connection).CreateFunction($"fail_{table}", () =>
        {
            if (!it._fails) return 0;
            Interlocked.Increment(ref it._failures);
            throw new SqliteException($"This write into {table} fails.", code);
        });
        connection.Execute($"CREATE TEMP TRIGGER fail_{table} BEFORE {verb} ON main.{table} BEGIN SELECT fail_{table}(); END");
        return it;
    }, TestContext.Current.CancellationToken);

    public void Heal() => _fails = false;
}
