using System.Text;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CvOps.Fleet.Storage.Portable;

/// <summary>Grains of the stand-in: a file of their own beside the read models.</summary>
internal sealed class GrainStates : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteTransaction _transaction;

    /// <param name="options">Whose data folder has the file, or gets it.</param>
    /// <param name="database">Not needed: it is another file.</param>
    public GrainStates(FleetOptions options, Database database)
    {
        ArgumentNullException.ThrowIfNull(database);
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(options.Data, "grains.db"), Pooling = false }.ToString());
        _connection.Open();
        // As the silo makes them when it starts.
        _connection.Execute(
            """
            PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
            CREATE TABLE IF NOT EXISTS grain_state (storage TEXT NOT NULL, grain_type TEXT NOT NULL, grain_key TEXT NOT NULL, state_name TEXT NOT NULL,
                etag INTEGER NOT NULL, payload BLOB, PRIMARY KEY (storage, grain_type, grain_key, state_name)) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS grain_reminder (grain_type TEXT NOT NULL, grain_key TEXT NOT NULL, name TEXT NOT NULL,
                start_at INTEGER NOT NULL, period INTEGER NOT NULL, last_tick INTEGER, etag TEXT NOT NULL, PRIMARY KEY (grain_type, grain_key, name)) WITHOUT ROWID;
            """);
        _transaction = _connection.BeginTransaction();
    }

    public IEnumerable<GrainRecord> States() => _connection.Query<(string Type, string Key, string Name, byte[] Payload)>(
        "SELECT grain_type, grain_key, state_name, payload FROM grain_state WHERE payload IS NOT NULL ORDER BY grain_type, grain_key, state_name", buffered: false)
        .Select(row => new GrainRecord(row.Type, row.Key, row.Name, Encoding.UTF8.GetString(row.Payload)));

    public IEnumerable<GrainReminder> Reminders() => _connection.Query<(string Type, string Key, string Name, long StartAt, long Period)>(
        "SELECT grain_type, grain_key, name, start_at, period FROM grain_reminder ORDER BY grain_type, grain_key, name").Select(row => new GrainReminder(row.Type, row.Key, row.Name, row.StartAt, row.Period));

    public Task WriteAsync(GrainRecord state) => _connection.ExecuteAsync("INSERT INTO grain_state (storage, grain_type, grain_key, state_name, etag, payload) VALUES ('Default', @Type, @Key, @Name, 1, @Payload)",
        new { state.Type, state.Key, state.Name, Payload = Encoding.UTF8.GetBytes(state.Json) });

    public Task WriteAsync(GrainReminder reminder) => _connection.ExecuteAsync("INSERT INTO grain_reminder (grain_type, grain_key, name, start_at, period, etag) VALUES (@Type, @Key, @Name, @StartAt, @Period, 'imported')", reminder);

    public Task CommitAsync()
    {
        _transaction.Commit();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _transaction.Dispose();
        _connection.Dispose();
    }
}
