using System.Data.Common;
using CvOps.Contracts;
using Dapper;

namespace CvOps.Fleet.Ingest;

/// <summary>Which starts of a device the fleet has heard of.</summary>
internal static class KnownBoots
{
    /// <summary>Beyond this number nothing of the device counts as a repetition or as old; inside a transaction of the caller's.</summary>
    /// <returns>0 for a device that never spoke.</returns>
    public static long Highest(DbConnection connection, DeviceId device)
    {
        var row = connection.QuerySingleOrDefault<Row>("SELECT boot, health_boot AS HealthBoot, seen FROM devices WHERE id = @Id", new { Id = device.Value });
        return row is null ? 0 : DuplicateWindow.Load(row.Seen).Applied.Select(applied => applied.Boot).Append(row.Boot).Append(row.HealthBoot).Max();
    }

    private sealed class Row
    {
        public long Boot { get; init; }
        public long HealthBoot { get; init; }
        public byte[]? Seen { get; init; }
    }
}
