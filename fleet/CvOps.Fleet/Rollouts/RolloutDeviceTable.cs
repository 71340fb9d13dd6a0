using System.Data;
using System.Data.Common;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Rollouts;

/// <summary>How many devices of a ring are in a state.</summary>
internal readonly record struct RingTally(int Ring, RolloutDeviceState State, long Devices);

/// <summary>
/// The devices of rollouts, a row each. Whatever moves a device moves the tally of its ring in the same transaction, so that nobody has to count
/// a hundred thousand rows to know how a ring stands. Statements are prepared once a transaction.
/// </summary>
internal sealed class RolloutDeviceTable(DbConnection connection, DateTimeOffset now) : IDisposable
{
    private const string Columns = "rollout, device, site, ring, place, state, previous, previous_name, previous_version, previous_settings, ordered, compares, since, reason, grp, slow_over";

    private readonly Dictionary<(string Rollout, int Ring, RolloutDeviceState State), long> _moved = [];
    private PreparedCommand? _held;
    private PreparedCommand? _update;
    private PreparedCommand? _insert;
    private PreparedCommand? _holder;
    private PreparedCommand? _hold;
    private PreparedCommand? _previous;

    /// <summary>The rollout that holds the device; null when none does.</summary>
    public RolloutMember? Held(DeviceId device)
    {
        _held ??= new PreparedCommand(connection, $"SELECT {Columns} FROM rollout_device WHERE device = @device AND held = 1", "device");
        using var reader = _held.With(device.Value).ExecuteReader(CommandBehavior.SingleRow);
        return reader.Read() ? Read(reader) : null;
    }

    /// <summary>True when the device is free, or becomes so: a rollout that matters less and has not touched it lets it go and waits for it.</summary>
    public bool Claim(DeviceId device, RolloutRow row)
    {
        _holder ??= new PreparedCommand(connection, "SELECT d.rollout, d.state, r.priority FROM rollout_device AS d JOIN rollout AS r ON r.id = d.rollout WHERE d.device = @device AND d.held = 1", "device");
        using (var reader = _holder.With(device.Value).ExecuteReader(CommandBehavior.SingleRow))
        {
            if (!reader.Read() || reader.GetString(0) == row.Id) return true;
            if (reader.GetInt64(2) >= row.Priority || reader.GetString(1) != nameof(RolloutDeviceState.Waiting)) return false;
        }
        return connection.Execute("UPDATE rollout_device SET held = 0, reason = @reason WHERE device = @Device AND held = 1", new { Device = device.Value, reason = $"it waits for rollout '{row.Name}', which has a higher priority" }) == 1;
    }

    public void Hold(string rollout, DeviceId device) =>
        (_hold ??= new PreparedCommand(connection, "UPDATE rollout_device SET held = 1 WHERE rollout = @rollout AND device = @device", "rollout", "device")).Run(rollout, device.Value);

    /// <exception cref="DbException">Another rollout holds the device.</exception>
    public void Insert(RolloutMember member, bool held)
    {
        _insert ??= new PreparedCommand(connection, $"INSERT INTO rollout_device ({Columns}, held, changed_at) VALUES (@rollout, @device, @site, @ring, @place, @state, @previous, @name, @version, @settings, @ordered, @compares, @since, @reason, @grp, @slow, @held, @now)",
            "rollout", "device", "site", "ring", "place", "state", "previous", "name", "version", "settings", "ordered", "compares", "since", "reason", "grp", "slow", "held", "now");
        _insert.Run(member.Rollout, member.Device.Value, member.Site.Value, member.Ring, member.Place, member.State.ToString(), member.Previous?.Digest, member.Previous?.Name, member.Previous?.Version,
            member.PreviousSettings, member.Ordered, member.Compares ? 1 : 0, SqlTime.Of(member.Since), member.Reason, member.Group, member.SlowOver, held ? 1 : 0, SqlTime.Of(now));
        Tally(member.Rollout, member.Ring, member.State, 1);
    }

    /// <summary>Writes what may change of a row: state, version ordered, comparison, reason, since, and what it had before.</summary>
    public void Update(RolloutMember before, RolloutMember after)
    {
        if (before == after) return;
        _update ??= new PreparedCommand(connection, "UPDATE rollout_device SET state = @state, ordered = @ordered, compares = @compares, since = @since, reason = @reason, changed_at = @now WHERE rollout = @rollout AND device = @device",
            "state", "ordered", "compares", "since", "reason", "now", "rollout", "device");
        _update.Run(after.State.ToString(), after.Ordered, after.Compares ? 1 : 0, SqlTime.Of(after.Since), after.Reason, SqlTime.Of(now), after.Rollout, after.Device.Value);
        if (before.Previous != after.Previous || before.PreviousSettings != after.PreviousSettings)
        {
            _previous ??= new PreparedCommand(connection, "UPDATE rollout_device SET previous = @previous, previous_name = @name, previous_version = @version, previous_settings = @settings WHERE rollout = @rollout AND device = @device",
                "previous", "name", "version", "settings", "rollout", "device");
            _previous.Run(after.Previous?.Digest, after.Previous?.Name, after.Previous?.Version, after.PreviousSettings, after.Rollout, after.Device.Value);
        }
        if (before.State == after.State) return;
        Tally(before.Rollout, before.Ring, before.State, -1);
        Tally(after.Rollout, after.Ring, after.State, 1);
    }

    /// <summary>Writes the tallies; the last call of a transaction.</summary>
    public void Save()
    {
        foreach (var ((rollout, ring, state), change) in _moved)
        {
            if (change == 0) continue;
            connection.Execute("INSERT INTO rollout_tally (rollout, ring, state, devices) VALUES (@rollout, @ring, @state, @change) "
                + "ON CONFLICT (rollout, ring, state) DO UPDATE SET devices = rollout_tally.devices + excluded.devices", new { rollout, ring, state = state.ToString(), change });
        }
        _moved.Clear();
    }

    public static RingTally[] Tallies(DbConnection connection, string rollout) =>
    [
        .. connection.Query<(int Ring, string State, long Devices)>("SELECT ring, state, devices FROM rollout_tally WHERE rollout = @rollout AND devices > 0 ORDER BY ring", new { rollout })
            .Select(row => new RingTally(row.Ring, Enum.Parse<RolloutDeviceState>(row.State), row.Devices)),
    ];

    /// <param name="where">A condition over the columns and <paramref name="values"/>.</param>
    /// <returns>In the order in which devices are dealt out, <paramref name="most"/> at most.</returns>
    public static List<RolloutMember> Where(DbConnection connection, string where, object values, int most)
    {
        using var reader = connection.ExecuteReader(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"SELECT {Columns} FROM rollout_device WHERE {where} ORDER BY ring, place LIMIT {most}"), values);
        List<RolloutMember> members = [];
        while (reader.Read()) members.Add(Read(reader));
        return members;
    }

    public void Dispose()
    {
        _held?.Dispose();
        _update?.Dispose();
        _insert?.Dispose();
        _holder?.Dispose();
        _hold?.Dispose();
        _previous?.Dispose();
    }

    private void Tally(string rollout, int ring, RolloutDeviceState state, long change)
    {
        var key = (rollout, ring, state);
        _moved[key] = _moved.GetValueOrDefault(key) + change;
    }

    private static RolloutMember Read(IDataRecord row) => new(
        row.GetString(0), new DeviceId(row.GetString(1)), new SiteId(row.GetString(2)), (int)row.GetInt64(3), (int)row.GetInt64(4), Enum.Parse<RolloutDeviceState>(row.GetString(5)),
        row.IsDBNull(6) || row.IsDBNull(7) ? null : new ModelRef(row.GetString(7), row.IsDBNull(8) ? "" : row.GetString(8), row.GetString(6)),
        row.IsDBNull(9) ? null : row.GetString(9), row.GetInt64(10), row.GetInt64(11) != 0, SqlTime.From(row.GetInt64(12)), row.IsDBNull(13) ? null : row.GetString(13),
        row.GetString(14), row.IsDBNull(15) ? null : row.GetInt64(15));
}
