using System.Data.Common;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access;

/// <summary>Every certificate of a device this fleet knows of. The static ones run inside a transaction of the caller's.</summary>
internal sealed class CertificateStore(Database database)
{
    private const string Columns = "serial, device, issued_at AS IssuedAt, not_after AS NotAfter, origin, revoked_at AS RevokedAt, reason";

    /// <param name="device">Null: of all.</param>
    public Task<CertificateView[]> ListAsync(DeviceId? device, CancellationToken cancel) => database.ReadAsync(connection => connection.Query<Row>(
        $"SELECT {Columns} FROM certificates WHERE @device IS NULL OR device = @device ORDER BY issued_at DESC LIMIT 10000", new { device = device?.Value }).Select(row => row.View()).ToArray(), cancel);

    /// <summary>What belongs into the revocation list: revoked, and not over by itself.</summary>
    public Task<(string Serial, DateTimeOffset At)[]> RevokedAsync(DateTimeOffset now, CancellationToken cancel) => database.ReadAsync(connection => connection.Query<(string, long)>(
        "SELECT serial, revoked_at FROM certificates WHERE revoked_at IS NOT NULL AND not_after > @now ORDER BY serial", new { now = SqlTime.Of(now) })
        .Select(row => (row.Item1, SqlTime.From(row.Item2))).ToArray(), cancel);

    /// <summary>
    /// Whose connection has to end: all certificates of the device were revoked a while ago, or it is online without a good one; or one was revoked
    /// a moment ago, and who has another comes back at once.
    /// </summary>
    public Task<string[]> ToEvictAsync(DateTimeOffset now, TimeSpan aWhile, TimeSpan aMoment, CancellationToken cancel) => database.ReadAsync(connection => connection.Query<string>(
        """
        SELECT device FROM certificates LEFT JOIN devices ON id = device GROUP BY device
        HAVING max(revoked_at) >= CASE WHEN count(*) FILTER (WHERE revoked_at IS NULL AND not_after > @now) = 0 THEN @aWhileAgo ELSE @aMomentAgo END
          OR (max(online) = 1 AND max(revoked_at) IS NOT NULL AND count(*) FILTER (WHERE revoked_at IS NULL AND not_after > @now) = 0)
        """, new { now = SqlTime.Of(now), aWhileAgo = SqlTime.Of(now - aWhile), aMomentAgo = SqlTime.Of(now - aMoment) }).ToArray(), cancel);

    /// <summary>Devices whose last good certificate ends between the two times.</summary>
    public Task<(string Device, DateTimeOffset End)[]> EndingAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancel) => database.ReadAsync(connection => connection.Query<(string, long)>(
        "SELECT device, max(not_after) FROM certificates WHERE revoked_at IS NULL GROUP BY device HAVING max(not_after) BETWEEN @from AND @to ORDER BY max(not_after)", new { from = SqlTime.Of(from), to = SqlTime.Of(to) })
        .Select(row => (row.Item1, SqlTime.From(row.Item2))).ToArray(), cancel);

    public Task<T> WriteAsync<T>(Func<DbConnection, T> work, CancellationToken cancel) => database.WriteAsync(work, cancel);

    public static void Add(DbConnection connection, X509Certificate2 certificate, DeviceId device, string keyDigest, string origin, DateTimeOffset now) => connection.Execute(
        """
        INSERT INTO certificates (serial, device, key_digest, origin, issued_at, not_after, pem) VALUES (@Serial, @Device, @keyDigest, @origin, @At, @NotAfter, @Pem)
        ON CONFLICT (serial) DO NOTHING
        """,
        new
        {
            Serial = certificate.SerialNumber, Device = device.Value, keyDigest, origin, At = SqlTime.Of(now),
            NotAfter = SqlTime.Of(certificate.NotAfter.ToUniversalTime()), Pem = certificate.ExportCertificatePem(),
        });

    /// <summary>The good certificate this device got for this key from this origin already; null when there is none.</summary>
    public static string? Issued(DbConnection connection, DeviceId device, string keyDigest, string origin) => connection.QueryFirstOrDefault<string>(
        "SELECT pem FROM certificates WHERE device = @Device AND key_digest = @keyDigest AND origin = @origin AND revoked_at IS NULL", new { Device = device.Value, keyDigest, origin });

    /// <summary>Whether the fleet has issued for it or heard from it.</summary>
    public static bool Knows(DbConnection connection, DeviceId device) => connection.ExecuteScalar<bool>(
        "SELECT EXISTS (SELECT 1 FROM certificates WHERE device = @Device) OR EXISTS (SELECT 1 FROM devices WHERE id = @Device)", new { Device = device.Value });

    public static bool IsRevoked(DbConnection connection, string serial) =>
        connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM certificates WHERE serial = @serial AND revoked_at IS NOT NULL)", new { serial });

    public static int IssuedSince(DbConnection connection, DeviceId device, string origin, DateTimeOffset since) => connection.ExecuteScalar<int>(
        "SELECT count(*) FROM certificates WHERE device = @Device AND origin = @origin AND issued_at >= @since", new { Device = device.Value, origin, since = SqlTime.Of(since) });

    /// <param name="serial">Null: all of the device.</param>
    /// <returns>How many were good until now.</returns>
    public static int Revoke(DbConnection connection, DeviceId device, string? serial, string reason, DateTimeOffset now) => connection.Execute(
        "UPDATE certificates SET revoked_at = @At, reason = @reason WHERE device = @Device AND (@serial IS NULL OR serial = @serial) AND revoked_at IS NULL AND not_after > @At",
        new { Device = device.Value, serial, reason, At = SqlTime.Of(now) });

    public static void Release(DbConnection connection, DeviceId device, DateTimeOffset until) => connection.Execute(
        "INSERT INTO device_releases (device, until) VALUES (@Device, @Until) ON CONFLICT (device) DO UPDATE SET until = excluded.until", new { Device = device.Value, Until = SqlTime.Of(until) });

    public static bool IsReleased(DbConnection connection, DeviceId device, DateTimeOffset now) => connection.ExecuteScalar<bool>(
        "SELECT EXISTS (SELECT 1 FROM device_releases WHERE device = @Device AND until > @Now)", new { Device = device.Value, Now = SqlTime.Of(now) });

    public static void UseRelease(DbConnection connection, DeviceId device) => connection.Execute("DELETE FROM device_releases WHERE device = @Device", new { Device = device.Value });

    private sealed class Row
    {
        public string Serial { get; init; } = "";
        public string Device { get; init; } = "";
        public long IssuedAt { get; init; }
        public long NotAfter { get; init; }
        public string Origin { get; init; } = "";
        public long? RevokedAt { get; init; }
        public string? Reason { get; init; }

        public CertificateView View() => new()
        {
            Serial = Serial, Device = new DeviceId(Device), IssuedAt = SqlTime.From(IssuedAt), NotAfter = SqlTime.From(NotAfter), Origin = Origin,
            RevokedAt = RevokedAt is { } at ? SqlTime.From(at) : null, Reason = Reason,
        };
    }
}
