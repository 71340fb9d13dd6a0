using System.Data.Common;
using System.Diagnostics;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Observability;

/// <summary>Times every transaction that writes, with its wait for the others.</summary>
internal sealed class MeteredDatabase(Database database, FleetCounters counters) : Database
{
    public override string ByteOrder => database.ByteOrder;

    public override bool IsShared => database.IsShared;

    public override async Task<T> WriteAsync<T>(Func<DbConnection, T> work, CancellationToken cancel)
    {
        var begun = Stopwatch.GetTimestamp();
        try
        {
            return await database.WriteAsync(work, cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            counters.WriteFailed();
            throw;
        }
        finally
        {
            counters.DatabaseWrite.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds);
        }
    }

    public override Task<T> ReadAsync<T>(Func<DbConnection, T> work, CancellationToken cancel) => database.ReadAsync(work, cancel);

    public override Task<T> ReadMomentAsync<T>(Func<DbConnection, T> work, CancellationToken cancel) => database.ReadMomentAsync(work, cancel);

    public override Task<bool> HasDutyAsync(string duty, CancellationToken cancel) => database.HasDutyAsync(duty, cancel);

    public override void Dispose() => database.Dispose();
}
