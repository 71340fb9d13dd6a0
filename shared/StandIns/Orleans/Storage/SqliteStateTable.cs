using System.Globalization;
using Microsoft.Data.Sqlite;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>States of one named storage. The etag is a number that grows with every write of the record.</summary>
internal sealed class SqliteStateTable : IStateTable
{
    private readonly SqliteDatabase _database;
    private readonly string _storage;
    private readonly bool _deleteOnClear;

    public SqliteStateTable(SqliteDatabase database, string storage, bool deleteOnClear)
    {
        (_database, _storage, _deleteOnClear) = (database, storage, deleteOnClear);
        _database.Execute(connection => connection.Sql("""
            CREATE TABLE IF NOT EXISTS grain_state (
                storage TEXT NOT NULL, grain_type TEXT NOT NULL, grain_key TEXT NOT NULL, state_name TEXT NOT NULL,
                etag INTEGER NOT NULL, payload BLOB,
                PRIMARY KEY (storage, grain_type, grain_key, state_name)) WITHOUT ROWID
            """).ExecuteNonQuery()).GetAwaiter().GetResult();
    }

    public Task<StoredState> Read(GrainId grain, string stateName, CancellationToken cancel) => _database.Execute(connection =>
    {
        using var command = Statement(connection, "SELECT etag, payload FROM grain_state WHERE " + Key, grain, stateName);
        using var reader = command.ExecuteReader();
        return reader.Read()
            ? new StoredState(Text(reader.GetInt64(0)), reader.IsDBNull(1) ? null : reader.GetFieldValue<byte[]>(1))
            : default;
    }, cancel);

    public async Task<string> Write(GrainId grain, string stateName, byte[]? payload, string? etag, CancellationToken cancel)
    {
        if (payload is null && _deleteOnClear) return await Delete(grain, stateName, etag, cancel).ConfigureAwait(false);
        var written = await _database.Execute(connection =>
        {
            var sql = etag is null
                ? "INSERT INTO grain_state VALUES ($storage, $type, $key, $name, 1, $payload) ON CONFLICT DO NOTHING RETURNING etag"
                : $"UPDATE grain_state SET payload = $payload, etag = etag + 1 WHERE {Key} AND etag = $etag RETURNING etag";
            using var command = Statement(connection, sql, grain, stateName).With("$payload", payload ?? (object)DBNull.Value);
            if (etag is not null) command.With("$etag", long.Parse(etag, CultureInfo.InvariantCulture));
            return command.ExecuteScalar();
        }, cancel).ConfigureAwait(false);
        return written is long version ? Text(version) : throw await Conflict(grain, stateName, etag, cancel).ConfigureAwait(false);
    }

    private const string Key = "storage = $storage AND grain_type = $type AND grain_key = $key AND state_name = $name";

    private async Task<string> Delete(GrainId grain, string stateName, string? etag, CancellationToken cancel)
    {
        var deleted = await _database.Execute(connection =>
        {
            using var command = Statement(connection, $"DELETE FROM grain_state WHERE {Key} AND etag = $etag", grain, stateName)
                .With("$etag", etag is null ? -1 : long.Parse(etag, CultureInfo.InvariantCulture));
            return command.ExecuteNonQuery();
        }, cancel).ConfigureAwait(false);
        return deleted == 1 || etag is null ? "" : throw await Conflict(grain, stateName, etag, cancel).ConfigureAwait(false);
    }

    private async Task<InconsistentStateException> Conflict(GrainId grain, string stateName, string? etag, CancellationToken cancel)
    {
        var stored = await Read(grain, stateName, cancel).ConfigureAwait(false);
        return new InconsistentStateException(
            $"State \"{stateName}\" of {grain} was changed by somebody else: expected etag {etag ?? "none"}, stored {stored.Etag ?? "none"}.",
            stored.Etag, etag);
    }

    private SqliteCommand Statement(SqliteConnection connection, string sql, GrainId grain, string stateName) => connection.Sql(sql)
        .With("$storage", _storage).With("$type", grain.Type.ToString()).With("$key", grain.Key.ToString()).With("$name", stateName);

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);
}

internal static class SqliteCommands
{
    public static SqliteCommand Sql(this SqliteConnection connection, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    public static SqliteCommand With(this SqliteCommand command, string name, object value)
    {
        command.Parameters.AddWithValue(name, value);
        return command;
    }
}
