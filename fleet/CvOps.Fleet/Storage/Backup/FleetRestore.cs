using CvOps.Contracts;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CvOps.Fleet.Storage.Backup;

/// <summary>What came back.</summary>
/// <param name="At">The moment of which the databases are.</param>
/// <param name="Rows">Of what people ask for first.</param>
internal sealed record RestoreReport(DateTimeOffset At, IReadOnlyDictionary<string, long> Rows);

/// <summary>
/// Brings a backup into a folder without a fleet. It is made ready in a folder within, and moved into its place when it is whole: a restore that was cut off leaves nothing that a fleet would start on.
/// </summary>
/// <param name="postgres">An empty database for a backup whose databases were in PostgreSQL; null for one of files.</param>
internal sealed class FleetRestore(string data, PostgresTools? postgres, Restic repository, TimeProvider time)
{
    private readonly string _folder = Path.Combine(data, "restoring");

    /// <param name="id">Of a backup, or <c>latest</c>.</param>
    /// <exception cref="InvalidDataException">There is a fleet's data already, or what came is no backup that this program can use.</exception>
    /// <exception cref="RepositoryException">The repository has no such backup, or not whole.</exception>
    public async Task<RestoreReport> RunAsync(string id, CancellationToken cancel)
    {
        await MakeSureThereIsNoFleetAsync(cancel);
        Directory.CreateDirectory(data);
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
        try
        {
            await repository.RestoreAsync(id, _folder, cancel);
            var databases = Path.Combine(_folder, BackupNote.Folder);
            var note = BackupNote.Read(databases);
            if ((note.Format == BackupNote.Dump) != (postgres is not null))
                throw new InvalidDataException(postgres is null ? "The databases of this backup were in PostgreSQL: --postgres names an empty one." : "The databases of this backup are files: leave --postgres out, and start a fleet on the folder.");
            if (postgres is not null)
            {
                Keep(databases);
                return new RestoreReport(note.At, await postgres.BringBackAsync(databases, note.At, time.GetUtcNow(), cancel));
            }
            var rows = await Task.Run(() => Prepare(Path.Combine(databases, "fleet.db"), note.At), cancel);
            Keep(databases);
            return new RestoreReport(note.At, rows);
        }
        finally
        {
            if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
        }
    }

    private Dictionary<string, long> Prepare(string path, DateTimeOffset at)
    {
        Sqlite.Initialise();
        using var connection = DatabaseMoment.Open(path, SqliteOpenMode.ReadWrite);
        // Of an earlier version, perhaps.
        Migrations.Apply(connection, Dialect.Sqlite);
        using var transaction = connection.BeginTransaction();
        RestoredFleet.Write(connection, at, time.GetUtcNow());
        var rows = RestoredFleet.Tables.ToDictionary(table => table, table => connection.ExecuteScalar<long>($"SELECT count(*) FROM {table}"));
        transaction.Commit();
        return rows;
    }

    private async Task MakeSureThereIsNoFleetAsync(CancellationToken cancel)
    {
        foreach (var file in DatabaseMoment.Files)
            if (File.Exists(Path.Combine(data, file))) throw new InvalidDataException($"There is a {file} in {data} already; a restore needs a folder without: name another with --data, or move that one away.");
        if (postgres is null) return;
        if (Directory.Exists(Path.Combine(data, "blobs"))) throw new InvalidDataException($"There are a fleet's files in {data} already; a restore needs a folder without: name another with --data, or move them away.");
        await postgres.MakeSureItIsEmptyAsync(cancel);
    }

    /// <summary>Databases last, and of them the read models: where they are, everything is.</summary>
    private void Keep(string databases)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(_folder).Where(entry => entry != databases))
        {
            var target = Path.Combine(data, Path.GetFileName(entry));
            if (Directory.Exists(target)) Directory.Delete(target, recursive: true);
            Directory.Move(entry, target);
        }
        foreach (var file in postgres is null ? DatabaseMoment.Files : [])
        {
            using (var handle = File.OpenHandle(Path.Combine(databases, file), FileMode.Open, FileAccess.ReadWrite)) DurableFile.Sync(handle);
            File.Move(Path.Combine(databases, file), Path.Combine(data, file));
        }
        DurableFile.SyncFolder(data);
    }
}
