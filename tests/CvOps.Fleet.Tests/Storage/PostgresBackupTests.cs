using CvOps.Fleet.Storage;
using CvOps.Fleet.Storage.Backup;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Storage;

/// <summary>Backups of a fleet on PostgreSQL: a real server, its own tools, restic.</summary>
public sealed class PostgresBackupTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private PostgresServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        Skip.Unless(TestProcess.Find(Restic.Program) is not null, "restic is not installed: apt-get install restic");
        _server = await PostgresServer.StartAsync();
        File.WriteAllText(_folder["password"], "of this test");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder["password"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        new BlobStore(Path.Combine(Data, "blobs")).Put("a picture"u8);
        await MakeAsync("fleet");
    }

    private string Data => _folder["data"];

    [Fact]
    public async Task A_database_that_is_lost_comes_back_as_it_was_and_says_nothing_to_devices_by_itself()
    {
        var said = await RunAsync(0, ["backup", "--data", Data, "--postgres", _server["fleet"]]);
        Assert.Contains("Made a new repository", said, StringComparison.Ordinal);
        Assert.NotNull(BackupRecord.Read(Data));
        Assert.False(Directory.Exists(Path.Combine(Data, BackupNote.Folder)));
        await _server.AskAsync("fleet", "UPDATE devices SET desired_version = 9; INSERT INTO inspections_by_day VALUES (2, 1)");
        await _server.DropAsync("fleet");
        Directory.Delete(Data, recursive: true);
        await _server.CreateAsync("fleet");

        var restored = await RunAsync(0, ["restore", "--data", Data, "--postgres", _server["fleet"]]);

        Assert.Matches(@"\b1 devices", restored);
        Assert.Single(Directory.EnumerateFiles(Path.Combine(Data, "blobs"), "*", SearchOption.AllDirectories), file => BlobStore.IsDigest(Path.GetFileName(file)));
        Assert.False(Directory.Exists(Path.Combine(Data, "restoring")));
        Assert.Equal("""1000007|1000007|1000007|"m 1" """.TrimEnd(), await _server.AskAsync("fleet", "SELECT desired_version, published_version, desired::jsonb #>> '{version}', desired::jsonb -> 'model' FROM devices"));
        Assert.Equal("1|40", await _server.AskAsync("fleet", "SELECT day, count FROM inspections_by_day"));
        Assert.Contains("restored from its backup", await _server.AskAsync("fleet", "SELECT reason FROM emergency_stop"), StringComparison.Ordinal);
        Assert.Equal($"{Migrations.Newest}", await _server.AskAsync("fleet", "SELECT version FROM schema_version"));
        // Its numbers go on, and what may not be changed still may not.
        Assert.Equal("3", await _server.AskAsync("fleet", "INSERT INTO drift_windows (device, camera, model, until, frames, body) VALUES ('press-1', 'top', 'm', 3, 1, '{}') RETURNING cursor"));
        await Assert.ThrowsAnyAsync<Xunit.Sdk.TrueException>(() => _server.AskAsync("fleet", "DELETE FROM audit"));
    }

    [Fact]
    public async Task A_restore_that_fails_at_its_last_word_leaves_the_database_empty()
    {
        await RunAsync(0, ["backup", "--data", Data, "--postgres", _server["fleet"]]);
        await _server.CreateAsync("other");
        // What psql hears ends with a mistake.
        await File.WriteAllTextAsync(_folder["tool"], "case \"$*\" in *--single-transaction*) { cat; echo 'SELECT 1/0;'; } | \"$@\" ;; *) exec \"$@\" ;; esac\n", TestContext.Current.CancellationToken);

        var said = await RunAsync(1, ["restore", "--data", _folder["other"], "--postgres", _server["other"], "--postgres-run", $"sh {_folder["tool"]}"]);

        Assert.Contains("division by zero", said, StringComparison.Ordinal);
        Assert.Equal("0", await _server.AskAsync("other", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
        // The next one says what is in its way, and goes where nothing is.
        Assert.Contains("a fleet's files", await RunAsync(1, ["restore", "--data", _folder["other"], "--postgres", _server["other"]]), StringComparison.Ordinal);
        await RunAsync(0, ["restore", "--data", _folder["third"], "--postgres", _server["other"]]);
    }

    [Fact]
    public async Task A_dump_that_is_cut_off_is_no_backup()
    {
        await File.WriteAllTextAsync(_folder["tool"], "case \"$1\" in pg_dump) \"$@\" | head -c 5000; echo 'the server closed the connection' >&2; exit 1 ;; *) exec \"$@\" ;; esac\n", TestContext.Current.CancellationToken);

        Assert.Contains("the server closed the connection", await RunAsync(1, ["backup", "--data", Data, "--postgres", _server["fleet"], "--postgres-run", $"sh {_folder["tool"]}"]), StringComparison.Ordinal);

        Assert.Empty(await RunAsync(0, ["backup", "list"]));
        Assert.Null(BackupRecord.Read(Data));
    }

    [Fact]
    public async Task What_does_not_go_together_is_said()
    {
        await RunAsync(0, ["backup", "--data", Data, "--postgres", _server["fleet"]]);
        await _server.CreateAsync("other");

        Assert.Contains("has tables already", await RunAsync(1, ["restore", "--data", _folder["other"], "--postgres", _server["fleet"]]), StringComparison.Ordinal);
        Assert.Contains("--postgres names an empty one", await RunAsync(1, ["restore", "--data", _folder["other"]]), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["other"]));
        Assert.Contains("no fleet's data in the database", await RunAsync(1, ["backup", "--data", Data, "--postgres", _server["other"]]), StringComparison.Ordinal);
        Assert.Contains("does not exist", await RunAsync(1, ["backup", "--data", Data, "--postgres", _server["nowhere"]]), StringComparison.Ordinal);
        Assert.Contains("postgresql-client", await RunAsync(1, ["backup", "--data", Data, "--postgres", _server["fleet"], "--postgres-run", "no-such-program"]), StringComparison.Ordinal);
        Assert.Contains("needs --postgres", await RunAsync(78, ["backup", "--data", Data, "--postgres-run", "env"]), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }

    private async Task MakeAsync(string database)
    {
        await _server.CreateAsync(database);
        await _server.AskAsync(database, $$"""
            CREATE TABLE schema_version (version BIGINT NOT NULL);
            INSERT INTO schema_version VALUES ({{Migrations.Newest}});
            {{Migrations.Text(Dialect.Postgres)}}
            INSERT INTO devices (id, site, last_seen, desired, desired_version, published_version) VALUES ('press-1', 'north', 1, '{"version":7,"model":"m 1"}', 7, 6);
            INSERT INTO inspections_by_day VALUES (1, 40);
            INSERT INTO drift_windows (device, camera, model, until, frames, body) VALUES ('press-1', 'top', 'm', 1, 1, '{}'), ('press-1', 'top', 'm', 2, 1, '{}');
            INSERT INTO audit (at, by, action, subject, detail) VALUES (1, 'test', 'row.written', '1', '2');
            """);
    }

    private async Task<string> RunAsync(int code, string[] arguments)
    {
        using var said = new StringWriter();
        var ended = await BackupCommand.RunAsync([.. arguments, "--repository", _folder["repository"], "--password-file", _folder["password"]], _folder.Path, said, said);
        Assert.True(code == ended, $"ended with {ended}: {said}");
        return said.ToString();
    }
}
