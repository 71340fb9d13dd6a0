namespace CvOps.Fleet.Storage.Backup;

/// <summary>What a backup took.</summary>
/// <param name="Id">Its name in the repository.</param>
/// <param name="At">The moment of which the databases are.</param>
/// <param name="Bytes">Of everything; <paramref name="Added"/> of it the repository did not have.</param>
internal sealed record BackupReport(string Id, DateTimeOffset At, long Files, long Bytes, long Added, bool NewRepository);

/// <summary>
/// Backs up a data folder, also while a fleet runs on it: the databases of one moment, then the files they speak of. A row promises its picture or package only after that is on the disk, and such files
/// never change; so what the databases name is there when they have been copied.
/// </summary>
/// <param name="postgres">Where the databases are in PostgreSQL; null for files of the folder.</param>
internal sealed class FleetBackup(string data, PostgresTools? postgres, Restic repository, TimeProvider time)
{
    /// <summary>What the copies need beside the databases' own size.</summary>
    private const double Room = 1.05;

    private readonly string _folder = Path.Combine(data, BackupNote.Folder);

    /// <exception cref="IOException">Not enough room, or the repository does not take it.</exception>
    /// <exception cref="InvalidDataException">A database is damaged.</exception>
    public async Task<BackupReport> RunAsync(Action<double> tell, CancellationToken cancel)
    {
        var made = await repository.OpenAsync(cancel);
        using var alone = Alone();
        Clear();
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(_folder);
            else Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            MakeSureOfRoom(postgres is null ? Room * DatabaseMoment.Files.Select(file => new FileInfo(Path.Combine(data, file))).Where(file => file.Exists).Sum(file => file.Length) : await postgres.SizeAsync(cancel));
            var (at, schema) = postgres is null ? await Task.Run(() => DatabaseMoment.Copy(data, _folder, time), cancel) : await postgres.CopyAsync(_folder, time, cancel);
            new BackupNote(postgres is null ? BackupNote.Files : BackupNote.Dump, at, schema).Write(_folder);
            var took = await repository.BackUpAsync(data, Without(), tell, cancel);
            new BackupRecord(at, took.SnapshotId![..8], took.TotalBytes ?? 0).Write(data);
            return new BackupReport(took.SnapshotId![..8], at, took.TotalFiles ?? 0, took.TotalBytes ?? 0, took.DataAdded ?? 0, made);
        }
        finally
        {
            Clear();
        }
    }

    /// <summary>The databases themselves, which change while they are read, and what is of use to this process alone.</summary>
    private IEnumerable<string> Without()
    {
        string[] names = [.. DatabaseMoment.Files.SelectMany(file => (string[])[file, file + "-wal", file + "-shm"]), "lock", "backup.lock", BackupRecord.Name, "imports", Path.Combine("blobs", "incoming")];
        var root = Path.GetFullPath(data);
        return names.Select(name => Path.Combine(root, name));
    }

    private void MakeSureOfRoom(double bytes)
    {
        var needed = (long)bytes;
        var free = new DriveInfo(Path.GetFullPath(data)).AvailableFreeSpace;
        if (free < needed) throw new IOException($"The databases are copied within {data} first; that takes {needed >> 20} MiB, and {free >> 20} are free there.");
    }

    /// <summary>Ends with the process, however it ends.</summary>
    private FileStream Alone()
    {
        try
        {
            return new FileStream(Path.Combine(data, "backup.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(Path.Combine(data, "backup.lock")))
        {
            throw new IOException($"Another backup of {data} is under way; this one was not begun.", e);
        }
    }

    private void Clear()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }
}
