using System.Data.Common;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Rollouts.Planning;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Rollouts;

/// <summary>How a rollout stands by its rows.</summary>
/// <param name="Stopped">The emergency stop is on.</param>
internal sealed record RolloutStand(IReadOnlyList<RingTally> Tallies, RolloutSums Sums, bool Stopped)
{
    public long Devices(int ring, params ReadOnlySpan<RolloutDeviceState> states)
    {
        var sum = 0L;
        foreach (var tally in Tallies)
            if (tally.Ring == ring && (states.IsEmpty || states.Contains(tally.State))) sum += tally.Devices;
        return sum;
    }

    /// <summary>Over all rings.</summary>
    public long Devices(params ReadOnlySpan<RolloutDeviceState> states)
    {
        var sum = 0L;
        foreach (var tally in Tallies)
            if (states.Contains(tally.State)) sum += tally.Devices;
        return sum;
    }
}

/// <summary>What a rollout knows by rows: its devices and its counts. Each method is one transaction, durable when it returns.</summary>
internal sealed class RolloutStore(Database database, TimeProvider time)
{
    /// <summary>Devices of a view; the rest come by pages.</summary>
    public const int DevicesShown = 1000;

    /// <summary>Writes the rollout and its devices down, once; of a draft that was there instead of what it had, in one transaction. A device that another rollout holds is written without being held: it waits, unless the other has not touched it and matters less.</summary>
    public Task CreateAsync(RolloutRow row, int number, DateTimeOffset createdAt, IReadOnlyList<RolloutMember> members) => Write(connection =>
    {
        if (connection.Execute("DELETE FROM rollout WHERE id = @Id AND state = @draft", new { row.Id, draft = nameof(RolloutState.Draft) }) > 0)
            connection.Execute("DELETE FROM rollout_device WHERE rollout = @Id; DELETE FROM rollout_tally WHERE rollout = @Id; DELETE FROM rollout_sum WHERE rollout = @Id", new { row.Id });
        RolloutTable.Insert(connection, row, number, createdAt);
        if (connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM rollout_device WHERE rollout = @Id)", new { row.Id })) return 0;
        using var devices = new RolloutDeviceTable(connection, time.GetUtcNow());
        var isFree = !connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM rollout_device WHERE held = 1)");
        // In the order of the indexes: rows written side by side share their pages.
        foreach (var member in members.OrderBy(member => member.Device.Value, StringComparer.Ordinal)) devices.Insert(member, held: row.Running && (isFree || devices.Claim(member.Device, row)));
        devices.Save();
        CountTable.Begin(connection, row.Id);
        return members.Count;
    });

    public Task<RolloutStand> StandAsync(string id) => database.ReadAsync(connection => new RolloutStand(
        RolloutDeviceTable.Tallies(connection, id), CountTable.Sums(connection, id), EmergencyStopTable.IsOn(connection)), CancellationToken.None);

    /// <summary>The rows follow what the grain has written: a rollout that has ended lets go of its devices, one that takes back holds those it touched.</summary>
    /// <returns>A device that another rollout holds by now, with its name; null when all is as it should be.</returns>
    public Task<string?> ProjectAsync(string id, RolloutState state) => Write(connection =>
    {
        var running = RolloutMachine.IsRunning(state);
        if (running && connection.ExecuteScalar<bool>("SELECT running = 0 FROM rollout WHERE id = @id", new { id }))
        {
            var other = connection.QueryFirstOrDefault<(string Device, string Name, string Id)>(
                """
                SELECT d.device, r.name, r.id FROM rollout_device AS mine JOIN rollout_device AS d ON d.device = mine.device AND d.held = 1 AND d.rollout <> @id JOIN rollout AS r ON r.id = d.rollout
                WHERE mine.rollout = @id AND mine.state <> @waiting ORDER BY mine.place LIMIT 1
                """, new { id, waiting = nameof(RolloutDeviceState.Waiting) });
            if (other.Device is not null) return $"{other.Device} is in rollout '{other.Name}' ({other.Id}), which is still running; roll that back, let it end, or abort it.";
            // A draft that is let loose holds what is free; one that had ended takes back what it touched.
            connection.Execute(
                $"UPDATE rollout_device SET held = 1 WHERE rollout = @id AND {(state == RolloutState.Scheduled ? "NOT EXISTS (SELECT 1 FROM rollout_device AS o WHERE o.device = rollout_device.device AND o.held = 1)" : "state <> 'Waiting'")}", new { id });
        }
        if (!running) connection.Execute("UPDATE rollout_device SET held = 0 WHERE rollout = @id AND held = 1", new { id });
        RolloutTable.SetState(connection, id, state, running);
        return null;
    });

    /// <summary>Changes devices as they are by now.</summary>
    public Task ChangeAsync(string id, IReadOnlyList<DeviceId> chosen, Func<RolloutMember, RolloutMember> change) => Write(connection =>
    {
        using var devices = new RolloutDeviceTable(connection, time.GetUtcNow());
        foreach (var device in chosen)
            if (devices.Held(device) is { } member && member.Rollout == id) devices.Update(member, change(member));
        devices.Save();
        return chosen.Count;
    });

    public Task<List<RolloutMember>> MembersAsync(string id, int most, string where, object? values = null)
    {
        var parameters = new DynamicParameters(values);
        parameters.Add("id", id);
        return database.ReadAsync(connection => RolloutDeviceTable.Where(connection, $"rollout = @id AND {where}", parameters, most), CancellationToken.None);
    }

    /// <summary>Devices of the rings so far that have not been told and are online, and those whose ring went on without them and that are back.</summary>
    /// <param name="late">The ring soaks: those that are back, and those that were to try again when the fleet ended.</param>
    /// <param name="idle">Whether it matters when a device inspected its last part.</param>
    /// <param name="page">The first begins with null; another behind what the one before gave as next.</param>
    /// <returns>At most so many, and where the next page begins; null when there is none.</returns>
    public Task<(List<PaceDevice> Devices, PacePage? Next)> OnlineAsync(string id, int ring, bool late, bool idle, int priority, int most, PacePage? page) => database.ReadAsync<(List<PaceDevice>, PacePage?)>(connection =>
    {
        // A state at a time: within one the index has the order, and nothing beyond the page is read.
        string[] states = late ? ["Waiting", "Skipped"] : ["Shadowing", "Waiting", "Skipped"];
        var rows = new List<PaceDevice>();
        foreach (var state in states.Skip(Array.IndexOf(states, page?.State ?? states[0])))
        {
            var from = state == page?.State ? page.Value.Place : 0;
            rows.AddRange(Pace(connection, $"rollout_device AS d JOIN devices AS v ON v.id = d.device AND v.online = 1", "d.state = @state AND d.ring <= @ring AND d.place >= @from ORDER BY d.ring, d.place LIMIT @most", idle, priority, new { id, state, ring, from, most = most - rows.Count }));
            if (rows.Count >= most) return (rows, new PacePage(state, rows[^1].Place + 1));
        }
        return (rows, null);
    }, CancellationToken.None);

    /// <summary>Devices of the rings so far that have not taken the payload over and are offline, whether they were told or not, in no order.</summary>
    /// <param name="told">Only those that were told.</param>
    public Task<List<PaceDevice>> OfflineAsync(string id, int ring, bool told, int priority, int most) => database.ReadAsync(connection => Pace(connection,
        "devices AS v CROSS JOIN rollout_device AS d", $"d.device = v.id AND v.online = 0 AND d.state IN ({(told ? "" : "'Waiting', 'Shadowing', ")}'Assigned', 'Updating') AND d.ring <= @ring LIMIT @most", false, priority, new { id, ring, most }), CancellationToken.None);

    private static List<PaceDevice> Pace(DbConnection connection, string from, string where, bool idle, int priority, object values) =>
    [
        .. connection.Query<(string Device, string Site, long Online, long Seen, long? Part, string? Holder, int? Priority, string? Holds, int Place)>(
            $"""
            SELECT d.device, d.site, v.online, v.last_seen, {(idle ? "(SELECT captured_at FROM inspections AS i WHERE i.device = d.device ORDER BY i.cursor DESC LIMIT 1)" : "NULL")}, r.name, r.priority, o.state, d.place
            FROM {from} LEFT JOIN rollout_device AS o ON o.device = d.device AND o.held = 1 AND o.rollout <> d.rollout LEFT JOIN rollout AS r ON r.id = o.rollout
            WHERE d.rollout = @id AND {where}
            """, values)
            .Select(row => new PaceDevice(new DeviceId(row.Device), new SiteId(row.Site), row.Online != 0, SqlTime.From(row.Seen), row.Part is { } part ? SqlTime.From(part) : null,
                // What matters less and has not told it anything gives it away.
                row.Priority < priority && row.Holds == nameof(RolloutDeviceState.Waiting) ? null : row.Holder) { Place = row.Place }),
    ];

    /// <summary>By site, devices that were told and neither run the payload nor failed yet.</summary>
    public Task<Dictionary<string, int>> ChangingAsync(string id) => database.ReadAsync(connection => connection.Query<(string Site, int Devices)>(
        "SELECT site, count(*) FROM rollout_device WHERE rollout = @id AND state IN ('Assigned', 'Updating') GROUP BY site", new { id }).ToDictionary(row => row.Site, row => row.Devices), CancellationToken.None);

    /// <summary>Counts an alarm that a camera's drift raised with this window, once however often it is told.</summary>
    /// <returns>The rollout it counted for; null when it counted for none.</returns>
    public Task<string?> DriftAlarmAsync(DriftWindow window) => Write(connection =>
    {
        var (device, said) = (window.Origin.Device, window.Origin);
        using var devices = new RolloutDeviceTable(connection, time.GetUtcNow());
        if (devices.Held(device) is not { } member || RolloutTable.Find(connection, member.Rollout) is not { Running: true } row) return null;
        if (RolloutBatch.ArmOf(row, member, window.Model.Digest, window.From) is not { } arm) return null;
        var key = $"drift/{device}/{window.Camera}/{said.Boot}.{said.Stream}.{said.Sequence}";
        if (connection.Execute("INSERT INTO rollout_judged (rollout, frame) VALUES (@Id, @key) ON CONFLICT DO NOTHING", new { row.Id, key }) == 0) return null;
        using var counts = new CountTable(connection);
        counts.Add(row.Id, device.Value, member.Ring, member.Group, arm, new ArmCounts([(ArmCounter.DriftedWindows, 1)]));
        counts.Save();
        return row.Id;
    });

    /// <summary>The first devices by ring and place.</summary>
    public async Task<List<RolloutDevice>> DevicesAsync(string id) => await DevicesOf(id, await MembersAsync(id, DevicesShown, "place >= 0"));

    private Task<List<RolloutDevice>> DevicesOf(string id, List<RolloutMember> found) => database.ReadAsync(connection =>
    {
        if (found.Count == 0) return [];
        var parts = connection.Query<(string Device, long Parts)>(
            "SELECT c.device, c.parts FROM rollout_device AS d JOIN rollout_count AS c ON c.rollout = d.rollout AND c.device = d.device AND c.arm = 1 WHERE d.rollout = @id AND d.place >= @first AND d.place <= @last",
            new { id, first = found[0].Place, last = found[^1].Place }).ToDictionary(row => row.Device, row => row.Parts);
        return found.ConvertAll(m => new RolloutDevice(m.Device, m.Ring, m.State, m.Previous, parts.GetValueOrDefault(m.Device.Value), m.Reason));
    }, CancellationToken.None);

    private static string Filter(int? ring, RolloutDeviceState? state) => $"{(ring is null ? "" : " AND ring = @ring")}{(state is null ? "" : " AND state = @state")}";

    /// <summary>By device, the name of the rollout that a new one of this priority can't have it from.</summary>
    /// <param name="but">Leaves out what this rollout holds.</param>
    public Task<Dictionary<string, string>> HeldByAsync(int priority, string but = "") => database.ReadAsync(connection => connection.Query<(string Device, string Name)>(
        "SELECT d.device, r.name FROM rollout_device AS d JOIN rollout AS r ON r.id = d.rollout WHERE d.held = 1 AND d.rollout <> @but AND (r.priority >= @priority OR d.state <> 'Waiting')", new { priority, but })
        .ToDictionary(row => row.Device, row => row.Name), CancellationToken.None);

    /// <summary>The first device of a rollback that keeps what it has, with its reason; null when all went back.</summary>
    public Task<(string? Device, string? Reason, long Kept)> FirstKeptAsync(string id) => database.ReadAsync(connection =>
    {
        var first = connection.QueryFirstOrDefault<(string? Device, string? Reason)>("SELECT device, reason FROM rollout_device WHERE rollout = @id AND state = 'RolledBack' AND reason IS NOT NULL ORDER BY place LIMIT 1", new { id });
        return (first.Device, first.Reason, connection.ExecuteScalar<long>("SELECT count(*) FROM rollout_device WHERE rollout = @id AND state = 'RolledBack' AND reason IS NOT NULL", new { id }));
    }, CancellationToken.None);

    /// <summary>What the first device that failed said: in the end it has what it had and says nothing of it any more. Begins with a semicolon; empty when none failed.</summary>
    public async Task<string> FirstFailureAsync(string id) =>
        await MembersAsync(id, 1, "state = 'Failed'") is [var failed] ? $"; {failed.Device}: {failed.Reason}" : "";

    /// <summary>Brings devices and counts of a record of form 1 into rows, once.</summary>
    public Task MoveAsync(string id, RolloutRecord record) => Write(connection =>
    {
        if (record.Devices is not { Count: > 0 } members || connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM rollout_device WHERE rollout = @id)", new { id })) return 0;
        var running = RolloutMachine.IsRunning(record.State);
        RolloutTable.Insert(connection, new RolloutRow(id, record.Plan!.Name, record.Plan.Payload, true, record.State, running, record.Plan.Priority), RolloutIndexRecord.NumberOf(id), record.CreatedAt);
        using var devices = new RolloutDeviceTable(connection, time.GetUtcNow());
        using var counts = new CountTable(connection);
        for (var place = 0; place < members.Count; place++)
        {
            var member = members[place];
            var site = connection.ExecuteScalar<string?>("SELECT site FROM devices WHERE id = @Device", new { Device = member.Device.Value }) ?? "unknown";
            devices.Insert(new RolloutMember(id, member.Device, new SiteId(site), member.Ring, place, member.State, member.Previous, null, record.Ordered?.GetValueOrDefault(member.Device.Value) ?? 0,
                !record.Plan.FirstInstallation, DateTimeOffset.UnixEpoch, member.Reason), running);
            counts.Add(id, member.Device.Value, member.Ring, "", Arms.Challenger, new ArmCounts([(ArmCounter.Parts, member.Parts)]));
        }
        // Which device counted these nobody knows any more; the sums are what judges.
        if (record.Counts is { } old)
        {
            counts.Add(id, members[0].Device.Value, members[0].Ring, "", Arms.Challenger, new ArmCounts(
            [
                (ArmCounter.Errors, old.Errors), (ArmCounter.Pairs, old.Pairs), (ArmCounter.Discordant, old.Discordant), (ArmCounter.ChallengerRight, old.ChallengerRight),
                (ArmCounter.ChampionRight, old.ChampionRight), (ArmCounter.NeitherRight, old.NeitherRight),
                (ArmCounter.PairedChallengerConfidence, (long)(old.ChallengerConfidence * ArmCounts.ConfidenceUnit)), (ArmCounter.PairedChampionConfidence, (long)(old.ChampionConfidence * ArmCounts.ConfidenceUnit)),
            ]));
            foreach (var frame in old.JudgedFrames) connection.Execute("INSERT INTO rollout_judged (rollout, frame) VALUES (@id, @frame) ON CONFLICT DO NOTHING", new { id, frame });
        }
        devices.Save();
        counts.Save();
        return members.Count;
    });

    public async Task<RolloutDevicePage> PageAsync(string id, long after, int most, int? ring, RolloutDeviceState? state)
    {
        var found = await MembersAsync(id, most, $"place > @after{Filter(ring, state)}", new { after, ring, state = state?.ToString() });
        return new RolloutDevicePage(await DevicesOf(id, found), found.Count < most ? null : found[^1].Place);
    }

    public Task<EmergencyStop> EmergencyAsync() => database.ReadAsync(EmergencyStopTable.Read, CancellationToken.None);

    public Task<int> LastNumberAsync() => database.ReadAsync(RolloutTable.LastNumber, CancellationToken.None);

    public Task<RolloutRow?> FindAsync(string id) => database.ReadAsync(connection => RolloutTable.Find(connection, id), CancellationToken.None);

    public Task<RolloutRow[]> ListAsync(bool? running) => database.ReadAsync(connection => RolloutTable.List(connection, running), CancellationToken.None);

    public Task<T> Write<T>(Func<DbConnection, T> work) => database.WriteAsync(work, CancellationToken.None);
}
