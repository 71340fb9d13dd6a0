using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices.Liveness;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Observability;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Ingest;

/// <summary>What one transaction learns about one device: its row is read once, changed in memory, written once.</summary>
internal sealed class DeviceBatch
{
    private readonly DeviceRows _rows;
    private readonly ParsedTopic _topic;
    private readonly DateTimeOffset _now;
    private readonly DeviceRow _row;
    private readonly DuplicateWindow _seen;
    private readonly List<long> _clock = [];
    private readonly List<ConnectionEvent> _events = [];
    private Connection? _link;
    private bool _heard;
    private DeviceHealth? _health;
    private TwinReported? _reported;
    private DeviceDrift? _drift;

    public DeviceBatch(DeviceRows rows, ParsedTopic topic, DateTimeOffset now)
    {
        (_rows, _topic, _now) = (rows, topic, now);
        var row = rows.Find(topic.Device.Value);
        _link = row is null ? null : new Connection(row.Online != 0, row.Silent != 0, row.Boot);
        _row = row ?? new DeviceRow();
        _seen = DuplicateWindow.Load(_row.Seen);
    }

    /// <summary>Something came from the device now: a status, or telemetry that is new. What a broker retains says nothing of now.</summary>
    /// <param name="status">What came, if it is a status.</param>
    public void Hear(DeviceStatus? status)
    {
        (_link, var reason) = ConnectionRule.Next(_link, status);
        if (reason is { } why) _events.Add(new ConnectionEvent(_now, _link.Value.Online ? Connectivity.Online : Connectivity.Offline, why, _link.Value.Boot));
        // The last will is the broker's word.
        _heard |= status is not { Connectivity: Connectivity.Offline };
    }

    /// <returns>True when the message is new; false counts a duplicate.</returns>
    public bool IsNew(Origin origin)
    {
        if (_seen.TryApply(origin)) return true;
        _row.Duplicates++;
        Tally += new SiteTally(0, 0, 0, 1);
        return false;
    }

    /// <summary>What this batch brought of the device, for the site's counts.</summary>
    public SiteTally Tally { get; private set; }

    public string Site => _topic.Site.Value;

    public void Count(Inspection inspection)
    {
        _row.Inspections++;
        Tally += new SiteTally(1, inspection.Reject ? 1 : 0, inspection.Error is null ? 0 : 1, 0);
    }

    /// <returns>Whether the agent was started anew since the newest before; null where it is older than that, which a spool may deliver late.</returns>
    public bool? Take(DeviceHealth health)
    {
        _clock.Add((long)(_now - health.At).TotalMilliseconds);
        if ((health.Origin.Boot, health.Origin.Sequence).CompareTo((_row.HealthBoot, _row.HealthSequence)) < 0) return null;
        var restarted = _row.HealthBoot > 0 && health.Origin.Boot > _row.HealthBoot;
        (_health, _row.HealthBoot, _row.HealthSequence) = (health, health.Origin.Boot, health.Origin.Sequence);
        return restarted;
    }

    public void Take(TwinReported reported) => _reported = reported;

    /// <param name="profile">Of the window's model; null when the registry has none.</param>
    public void Take(DriftWindow window, ReferenceProfile? profile)
    {
        if (_drift is null && _rows.Connection.QuerySingleOrDefault<byte[]>("SELECT body FROM device_drift WHERE device = @Id", new { Id = _topic.Device.Value }) is { } saved) _drift = DeviceDrift.Load(saved);
        _drift = DeviceDrift.Add(_drift, window, profile, _now);
    }

    /// <returns>What the transaction changes, for whoever wants to know when it is committed.</returns>
    public TwinChange Save()
    {
        if (_link is null) Hear(null);
        var link = _link!.Value;
        var change = new TwinChange(_topic.Device, _topic.Site)
        {
            Online = link.Online, Boot = link.Boot, Since = _events.Count > 0 ? SqlTime.Of(_now) : _row.Since, LastSeen = _heard || _row.LastSeen == 0 ? SqlTime.Of(_now) : _row.LastSeen,
            Inspections = _row.Inspections, Duplicates = _row.Duplicates, Heard = _heard, ClockSamples = _clock, Drift = _drift,
            Health = _health is null ? null : new Written(TwinGlance.Of(_health), JsonSerializer.SerializeToUtf8Bytes(_health, ContractsJson.Default.DeviceHealth)),
            Reported = _reported is null ? null : new Written(TwinGlance.Of(_reported), JsonSerializer.SerializeToUtf8Bytes(_reported, ContractsJson.Default.TwinReported)),
        };
        _rows.Save(_topic.Device.Value, _topic.Site.Value, change.LastSeen, link.Online ? 1 : 0, link.Silent ? 1 : 0, change.Since, change.Boot, Text(change.Health?.Json), _row.HealthBoot,
            _row.HealthSequence, Text(change.Reported?.Json), change.Inspections, change.Duplicates, _seen.Save());
        foreach (var happened in _events) ConnectionLog.Insert(_rows.Connection, _topic.Device.Value, happened);
        if (_drift is not null)
            _rows.Connection.Execute("INSERT INTO device_drift (device, body) VALUES (@Id, @Body) ON CONFLICT (device) DO UPDATE SET body = excluded.body", new { Id = _topic.Device.Value, Body = _drift.Save() });
        return change;
    }

    private static string? Text(byte[]? json) => json is null ? null : Encoding.UTF8.GetString(json);
}
