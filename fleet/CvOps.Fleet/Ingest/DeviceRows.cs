using System.Data;
using System.Data.Common;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Ingest;

/// <summary>What a transaction of the ingest has to know of a device's row, and writes back.</summary>
internal sealed class DeviceRow
{
    public long Online { get; init; }
    public long Silent { get; init; }
    public long Boot { get; init; }
    public long Since { get; init; }
    public long LastSeen { get; init; }
    public long Inspections { get; set; }
    public long Duplicates { get; set; }
    public long HealthBoot { get; set; }
    public long HealthSequence { get; set; }
    public byte[]? Seen { get; init; }
}

/// <summary>The rows of devices in one transaction. Statements are parsed once for all of them: a batch is of as many devices as it has messages.</summary>
internal sealed class DeviceRows(DbConnection connection) : IDisposable
{
    private readonly PreparedCommand _find = new(connection,
        "SELECT online, silent, boot, since, last_seen, inspections, duplicates, health_boot, health_sequence, seen FROM devices WHERE id = @id", "id");

    private readonly PreparedCommand _save = new(connection,
        """
        INSERT INTO devices (id, site, last_seen, online, silent, since, boot, health, health_boot, health_sequence, reported, inspections, duplicates, seen)
        VALUES (@id, @site, @lastSeen, @online, @silent, @since, @boot, @health, @healthBoot, @healthSequence, @reported, @inspections, @duplicates, @seen)
        ON CONFLICT (id) DO UPDATE SET
          site = excluded.site, last_seen = excluded.last_seen, online = excluded.online, silent = excluded.silent, since = excluded.since, boot = excluded.boot,
          health = coalesce(excluded.health, devices.health), health_boot = excluded.health_boot, health_sequence = excluded.health_sequence,
          reported = coalesce(excluded.reported, devices.reported), inspections = excluded.inspections, duplicates = excluded.duplicates, seen = excluded.seen
        """,
        "id", "site", "lastSeen", "online", "silent", "since", "boot", "health", "healthBoot", "healthSequence", "reported", "inspections", "duplicates", "seen");

    public DbConnection Connection => connection;

    /// <returns>Null of a device that nobody has heard from.</returns>
    public DeviceRow? Find(string id)
    {
        using var row = _find.With(id).ExecuteReader(CommandBehavior.SingleRow);
        return !row.Read() ? null : new DeviceRow
        {
            Online = row.GetInt64(0), Silent = row.GetInt64(1), Boot = row.GetInt64(2), Since = row.GetInt64(3), LastSeen = row.GetInt64(4), Inspections = row.GetInt64(5),
            Duplicates = row.GetInt64(6), HealthBoot = row.GetInt64(7), HealthSequence = row.GetInt64(8), Seen = row.IsDBNull(9) ? null : (byte[])row.GetValue(9),
        };
    }

    /// <param name="values">In the order of the columns.</param>
    public void Save(params ReadOnlySpan<object?> values) => _save.Run(values);

    public void Dispose()
    {
        _find.Dispose();
        _save.Dispose();
    }
}
