using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.Reminders;

/// <summary>One reminder as stored. Times are UTC.</summary>
/// <param name="StartAt">Its first tick.</param>
/// <param name="LastTick">The newest tick delivered, or tried; null = none yet.</param>
/// <param name="Etag">Changes with every registration.</param>
internal sealed record ReminderEntry(GrainId Grain, string Name, DateTime StartAt, TimeSpan Period, DateTime? LastTick, string Etag);

/// <summary>Where reminders are kept: in memory or in SQLite.</summary>
internal interface IReminderTable
{
    Task<List<ReminderEntry>> ReadAll();

    Task Upsert(ReminderEntry entry);

    /// <summary>Only if the etag is still the stored one.</summary>
    Task Ticked(ReminderEntry entry);

    Task Remove(GrainId grain, string name);
}

internal sealed class MemoryReminderTable : IReminderTable
{
    private readonly ConcurrentDictionary<(GrainId, string), ReminderEntry> _entries = new();

    public Task<List<ReminderEntry>> ReadAll() => Task.FromResult(_entries.Values.ToList());

    public Task Upsert(ReminderEntry entry)
    {
        _entries[(entry.Grain, entry.Name)] = entry;
        return Task.CompletedTask;
    }

    public Task Ticked(ReminderEntry entry) => Task.CompletedTask;

    public Task Remove(GrainId grain, string name)
    {
        _entries.TryRemove((grain, name), out _);
        return Task.CompletedTask;
    }
}

internal sealed class SqliteReminderTable : IReminderTable
{
    private readonly SqliteDatabase _database;

    public SqliteReminderTable(SqliteDatabase database)
    {
        _database = database;
        _database.Execute(connection => connection.Sql("""
            CREATE TABLE IF NOT EXISTS grain_reminder (
                grain_type TEXT NOT NULL, grain_key TEXT NOT NULL, name TEXT NOT NULL,
                start_at INTEGER NOT NULL, period INTEGER NOT NULL, last_tick INTEGER, etag TEXT NOT NULL,
                PRIMARY KEY (grain_type, grain_key, name)) WITHOUT ROWID
            """).ExecuteNonQuery()).GetAwaiter().GetResult();
    }

    public Task<List<ReminderEntry>> ReadAll() => _database.Execute(connection =>
    {
        using var command = connection.Sql("SELECT grain_type, grain_key, name, start_at, period, last_tick, etag FROM grain_reminder");
        using var reader = command.ExecuteReader();
        var entries = new List<ReminderEntry>();
        while (reader.Read())
        {
            entries.Add(new ReminderEntry(GrainId.Create(reader.GetString(0), reader.GetString(1)), reader.GetString(2),
                Utc(reader.GetInt64(3)), TimeSpan.FromTicks(reader.GetInt64(4)),
                reader.IsDBNull(5) ? null : Utc(reader.GetInt64(5)), reader.GetString(6)));
        }

        return entries;
    });

    public Task Upsert(ReminderEntry entry) => _database.Execute(connection =>
    {
        using var command = Keyed(connection, "INSERT OR REPLACE INTO grain_reminder VALUES ($type, $key, $name, $start, $period, NULL, $etag)", entry.Grain, entry.Name)
            .With("$start", entry.StartAt.Ticks).With("$period", entry.Period.Ticks).With("$etag", entry.Etag);
        return command.ExecuteNonQuery();
    });

    public Task Ticked(ReminderEntry entry) => _database.Execute(connection =>
    {
        using var command = Keyed(connection, "UPDATE grain_reminder SET last_tick = $tick WHERE grain_type = $type AND grain_key = $key AND name = $name AND etag = $etag", entry.Grain, entry.Name)
            .With("$tick", entry.LastTick!.Value.Ticks).With("$etag", entry.Etag);
        return command.ExecuteNonQuery();
    });

    public Task Remove(GrainId grain, string name) => _database.Execute(connection =>
    {
        using var command = Keyed(connection, "DELETE FROM grain_reminder WHERE grain_type = $type AND grain_key = $key AND name = $name", grain, name);
        return command.ExecuteNonQuery();
    });

    private static SqliteCommand Keyed(SqliteConnection connection, string sql, GrainId grain, string name) =>
        connection.Sql(sql).With("$type", grain.Type.ToString()).With("$key", grain.Key.ToString()).With("$name", name);

    private static DateTime Utc(long ticks) => new(ticks, DateTimeKind.Utc);
}
