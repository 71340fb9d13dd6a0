using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Rollouts;
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
internal sealed class FleetRestore(string data, Restic repository, TimeProvider time)
{
    private const string By = "restore";

    /// <summary>
    /// Devices may know documents of their twin that the backup does not: they take none with a number that is not above. No fleet orders this often between two backups.
    /// </summary>
    private const long Documents = 1_000_000;

    private readonly string _folder = Path.Combine(data, "restoring");

    /// <param name="id">Of a backup, or <c>latest</c>.</param>
    /// <exception cref="InvalidDataException">There is a fleet's data already, or what came is no backup that this program can use.</exception>
    /// <exception cref="RepositoryException">The repository has no such backup, or not whole.</exception>
    public async Task<RestoreReport> RunAsync(string id, CancellationToken cancel)
    {
        foreach (var file in DatabaseMoment.Files)
            if (File.Exists(Path.Combine(data, file))) throw new InvalidDataException($"There is a {file} in {data} already; a restore needs a folder without: name another with --data, or move that one away.");
        Directory.CreateDirectory(data);
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
        try
        {
            await repository.RestoreAsync(id, _folder, cancel);
            var databases = Path.Combine(_folder, BackupNote.Folder);
            var note = BackupNote.Read(databases);
            var report = new RestoreReport(note.At, await Task.Run(() => Prepare(Path.Combine(databases, "fleet.db"), note.At), cancel));
            Keep(databases);
            return report;
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
        // What devices were told after that moment nobody here knows. So nothing is said to them by itself: the twin counts as told, and the emergency stop holds until a person has looked.
        connection.Execute("UPDATE devices SET desired = json_set(desired, '$.version', desired_version + @Documents), desired_version = desired_version + @Documents WHERE desired IS NOT NULL", new { Documents });
        connection.Execute("UPDATE devices SET published_version = desired_version");
        EmergencyStopTable.Set(connection, new RolloutAction(By, $"The fleet was restored from its backup of {at:u}: what devices were told since is not known here."), time.GetUtcNow());
        Audit.Add(connection, time.GetUtcNow(), By, "fleet.restored", "fleet", $"from the backup of {at:u}");
        var rows = ((string[])["devices", "frames", "labels", "inspections", "rollout", "datasets", "audit"]).ToDictionary(table => table, table => connection.ExecuteScalar<long>($"SELECT count(*) FROM {table}"));
        transaction.Commit();
        return rows;
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
        foreach (var file in DatabaseMoment.Files)
        {
            using (var handle = File.OpenHandle(Path.Combine(databases, file), FileMode.Open, FileAccess.ReadWrite)) DurableFile.Sync(handle);
            File.Move(Path.Combine(databases, file), Path.Combine(data, file));
        }
        DurableFile.SyncFolder(data);
    }
}
