using System.Data.Common;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Devices.Liveness;

/// <summary>When each device came and went, and why: the newest of each device.</summary>
internal sealed class ConnectionLog(Database database)
{
    /// <summary>Kept of each device.</summary>
    public const int Kept = 100;

    /// <summary>Newest first.</summary>
    public Task<ConnectionEvent[]> ReadAsync(DeviceId device, CancellationToken cancel) => database.ReadAsync(connection => connection.Query<(long At, long Online, string Reason, long Boot)>(
        "SELECT at, online, reason, boot FROM device_connections WHERE device = @device ORDER BY cursor DESC LIMIT @Kept", new { device = device.Value, Kept })
        .Select(row => new ConnectionEvent(SqlTime.From(row.At), row.Online != 0 ? Connectivity.Online : Connectivity.Offline, Enum.Parse<ConnectionReason>(row.Reason), row.Boot)).ToArray(), cancel);

    /// <summary>Takes devices offline that were silent for too long, unless something came from them meanwhile.</summary>
    /// <param name="lastSeen">Heard of later than this: it stays online.</param>
    /// <returns>Those that are offline now.</returns>
    public Task<string[]> SetSilentAsync(IReadOnlyList<string> devices, DateTimeOffset now, DateTimeOffset lastSeen, CancellationToken cancel) => database.WriteAsync(connection => devices.Where(device =>
    {
        var boot = connection.QuerySingleOrDefault<long?>("SELECT boot FROM devices WHERE id = @device AND online = 1 AND last_seen <= @seen", new { device, seen = SqlTime.Of(lastSeen) });
        if (boot is null) return false;
        connection.Execute("UPDATE devices SET online = 0, silent = 1, since = @now WHERE id = @device", new { device, now = SqlTime.Of(now) });
        Insert(connection, device, new ConnectionEvent(now, Connectivity.Offline, ConnectionReason.Silent, boot.Value));
        return true;
    }).ToArray(), cancel);

    public static void Insert(DbConnection connection, string device, ConnectionEvent happened)
    {
        connection.Execute("INSERT INTO device_connections (device, at, online, reason, boot) VALUES (@device, @at, @online, @reason, @Boot)",
            new { device, at = SqlTime.Of(happened.At), online = happened.Connectivity == Connectivity.Online ? 1 : 0, reason = happened.Reason.ToString(), happened.Boot });
        connection.Execute("DELETE FROM device_connections WHERE device = @device AND cursor <= (SELECT cursor FROM device_connections WHERE device = @device ORDER BY cursor DESC LIMIT 1 OFFSET @Kept)", new { device, Kept });
    }
}
