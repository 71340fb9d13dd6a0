using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Ingest;

/// <summary>What one transaction learns about one device: its row is read once, changed in memory, written once.</summary>
internal sealed class DeviceBatch
{
    private readonly ParsedTopic _topic;
    private readonly DuplicateWindow _seen;
    private long _inspections;
    private long _duplicates;
    private DeviceHealth? _health;
    private TwinReported? _reported;
    private DeviceStatus? _status;

    public DeviceBatch(DbConnection connection, ParsedTopic topic)
    {
        _topic = topic;
        _seen = DuplicateWindow.Load(connection.QuerySingleOrDefault<byte[]>("SELECT seen FROM devices WHERE id = @Id", new { Id = topic.Device.Value }));
    }

    /// <returns>True when the message is new; false counts a duplicate.</returns>
    public bool IsNew(Origin origin)
    {
        if (_seen.TryApply(origin)) return true;
        _duplicates++;
        return false;
    }

    public void CountInspection() => _inspections++;

    public void Take(DeviceHealth health) => _health = health;

    public void Take(TwinReported reported) => _reported = reported;

    public void Take(DeviceStatus status) => _status = status;

    public void Save(DbConnection connection, DateTimeOffset now) => connection.Execute(
        """
        INSERT INTO devices (id, site, last_seen, online, boot, health, health_boot, health_sequence, reported, inspections, duplicates, seen)
        VALUES (@Id, @Site, @Now, coalesce(@Online, 1), coalesce(@Boot, 0), @Health, @HealthBoot, @HealthSequence, @Reported, @Inspections, @Duplicates, @Seen)
        ON CONFLICT (id) DO UPDATE SET
          site = excluded.site, last_seen = CASE WHEN @Online = 0 THEN devices.last_seen ELSE excluded.last_seen END,
          online = coalesce(@Online, devices.online), boot = coalesce(@Boot, devices.boot),
          health_sequence = CASE WHEN @Health IS NULL OR (@HealthBoot, @HealthSequence) < (devices.health_boot, devices.health_sequence) THEN devices.health_sequence ELSE @HealthSequence END,
          health = CASE WHEN @Health IS NULL OR (@HealthBoot, @HealthSequence) < (devices.health_boot, devices.health_sequence) THEN devices.health ELSE @Health END,
          health_boot = CASE WHEN devices.health_boot > @HealthBoot THEN devices.health_boot ELSE @HealthBoot END,
          reported = coalesce(@Reported, devices.reported), inspections = devices.inspections + @Inspections, duplicates = devices.duplicates + @Duplicates, seen = @Seen
        """,
        new
        {
            Id = _topic.Device.Value, Site = _topic.Site.Value, Now = SqlTime.Of(now),
            Online = _status is null ? (int?)null : _status.Connectivity == Connectivity.Online ? 1 : 0, _status?.Boot,
            Health = _health is null ? null : JsonSerializer.Serialize(_health, ContractsJson.Default.DeviceHealth),
            HealthBoot = _health?.Origin.Boot ?? 0, HealthSequence = _health?.Origin.Sequence ?? 0,
            Reported = _reported is null ? null : JsonSerializer.Serialize(_reported, ContractsJson.Default.TwinReported),
            Inspections = _inspections, Duplicates = _duplicates, Seen = _seen.Save(),
        });
}
