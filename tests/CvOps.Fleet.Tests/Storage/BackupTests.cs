using System.Diagnostics;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Storage.Backup;
using CvOps.Testing;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Storage;

public sealed class BackupTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public BackupTests()
    {
        Skip.Unless(TestProcess.Find(Restic.Program) is not null, "restic is not installed: apt-get install restic");
        Skip.Unless(!TestCluster.IsShared, "in a cluster, PostgreSQL's own tools back up the databases");
        Write("password", "of this test");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fleet_that_is_destroyed_comes_back_as_it_was_at_its_backup_and_is_obeyed()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("press-1");
        for (var part = 0; part < 30; part++) await device.SendAsync(device.Inspection(part));
        await UntilCountedAsync(fleet, 30);
        var picture = fleet.Services.GetRequiredService<BlobStore>().Put("a picture"u8);
        await Order(fleet, device, 'a');
        await FleetHost.UntilAsync(() => Task.FromResult(device.Desired?.Version == 1), "the first order");

        // While it runs.
        var said = await BackUpAsync(fleet.Options.Data);
        Assert.Contains("Made a new repository", said, StringComparison.Ordinal);
        // What comes after it is lost with the fleet; devices know of it.
        for (var i = 0; i < 3; i++) await Order(fleet, device, (char)('b' + i));
        await FleetHost.UntilAsync(() => Task.FromResult(device.Desired?.Version == 4), "the last order");
        await fleet.StopFleetAsync();
        Directory.Delete(fleet.Options.Data, recursive: true);
        var restored = await RunAsync(0, "restore", "--data", fleet.Options.Data);
        Assert.Matches(@"\b30 inspections", restored);
        Assert.Matches(@"\b1 devices", restored);

        await fleet.StartFleetAsync();
        Assert.True(fleet.Services.GetRequiredService<BlobStore>().Exists(picture));
        device.Boot = 2;
        await device.SendAsync(device.Inspection(31));
        await UntilCountedAsync(fleet, 31);
        // It has told the device nothing by itself, and nothing is rolled out until somebody has looked.
        Assert.Equal(4, device.Desired?.Version);
        using (var stop = await fleet.Http.GetAsync("rollouts/stop-all", Cancel)) Assert.Contains("restored from its backup", await stop.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using (var audit = await fleet.Http.GetAsync("audit?limit=1000", Cancel)) Assert.Contains("fleet.restored", await audit.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.True((await fleet.Services.GetRequiredService<Fleet.Access.Audit>().VerifyAsync(Cancel)).Whole);
        // Its next order is above all that the device has heard of.
        await Order(fleet, device, 'e');
        await FleetHost.UntilAsync(() => Task.FromResult(device.Desired is { Version: > 4, Model.Model.Digest: ['e', ..] }), "an order after the restore");
    }

    [Fact]
    public async Task Both_databases_of_a_backup_are_of_one_moment_however_much_is_written()
    {
        Sqlite.Initialise();
        foreach (var file in DatabaseMoment.Files)
        {
            using var made = DatabaseMoment.Open(_folder[file], SqliteOpenMode.ReadWriteCreate);
            made.Execute("PRAGMA journal_mode=WAL; CREATE TABLE n (n INTEGER, filler BLOB); INSERT INTO n VALUES (0, zeroblob(20000000))");
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var first = new SemaphoreSlim(0, 1);
        // The grains first, then the read models: never more of these.
        var writing = Task.Run(() =>
        {
            using var grains = DatabaseMoment.Open(_folder["grains.db"], SqliteOpenMode.ReadWrite);
            using var rows = DatabaseMoment.Open(_folder["fleet.db"], SqliteOpenMode.ReadWrite);
            for (var i = 1; !stop.IsCancellationRequested; i++)
            {
                grains.Execute("UPDATE n SET n = @i", new { i });
                rows.Execute("UPDATE n SET n = @i", new { i });
                if (i == 1) first.Release();
            }
        }, Cancel);
        await first.WaitAsync(Cancel);
        var seen = new HashSet<long>();
        for (var i = 0; i < 5; i++)
        {
            var copy = Directory.CreateDirectory(_folder[$"copy-{i}"]).FullName;
            DatabaseMoment.Copy(_folder.Path, copy, TimeProvider.System);
            var (grains, rows) = (Number(Path.Combine(copy, "grains.db")), Number(Path.Combine(copy, "fleet.db")));
            Assert.InRange(grains - rows, 0, 1);
            seen.Add(rows);
        }
        await stop.CancelAsync();
        await writing;

        // It was written all the while.
        Assert.True(seen.Count > 1);
    }

    [Fact]
    public async Task A_second_backup_stores_only_what_is_new_and_the_list_has_both()
    {
        var data = await MakeAsync("data", pictures: 40);
        await BackUpAsync(data);
        var before = Size(_folder["repository"]);
        new BlobStore(Path.Combine(data, "blobs")).Put("one more"u8);
        await BackUpAsync(data);

        Assert.InRange(Size(_folder["repository"]) - before, 1, before / 4);
        Assert.Equal(2, (await RunAsync(0, "backup", "list")).Trim().Split('\n').Length);
        Assert.Contains("Every piece", await RunAsync(0, "backup", "check"), StringComparison.Ordinal);
        // Nothing of the copies is left beside the fleet.
        Assert.False(Directory.Exists(Path.Combine(data, BackupNote.Folder)));
    }

    [Fact]
    public async Task Of_backups_of_one_day_the_newest_is_kept()
    {
        var data = await MakeAsync("data", pictures: 1);
        await BackUpAsync(data);
        await RunAsync(0, "backup", "--data", data, "--keep-daily", "7");

        Assert.Single((await RunAsync(0, "backup", "list")).Trim().Split('\n'));
    }

    [Fact]
    public async Task Nobody_reads_a_picture_in_the_repository()
    {
        var data = await MakeAsync("data", pictures: 0);
        var secret = "the only picture of its kind"u8.ToArray();
        new BlobStore(Path.Combine(data, "blobs")).Put(secret);
        await BackUpAsync(data);

        Assert.All(Directory.EnumerateFiles(_folder["repository"], "*", SearchOption.AllDirectories), file => Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(secret) < 0));
    }

    [Fact]
    public async Task A_backup_and_a_restore_that_are_killed_leave_nothing_half_done_and_go_the_next_time()
    {
        var data = await MakeAsync("data", pictures: 300);
        await BackUpAsync(data);
        new BlobStore(Path.Combine(data, "blobs")).Put(new byte[40_000_000]);
        await KillAsync("backup", "--data", data, until: () => Directory.Exists(Path.Combine(data, BackupNote.Folder)));
        await BackUpAsync(data);
        Assert.Contains("Every piece", await RunAsync(0, "backup", "check"), StringComparison.Ordinal);
        await KillAsync("restore", "--data", _folder["other"], until: () => Directory.Exists(_folder["other", "restoring"]));
        Assert.All(DatabaseMoment.Files, file => Assert.False(File.Exists(_folder["other", file])));
        await RunAsync(0, "restore", "--data", _folder["other"]);

        Assert.Equal(Names(Path.Combine(data, "blobs")), Names(_folder["other", "blobs"]));
    }

    [Fact]
    public async Task A_damaged_database_is_no_backup_and_says_so()
    {
        var data = await MakeAsync("data", pictures: 1);
        await BackUpAsync(data);
        using (var file = File.OpenHandle(Path.Combine(data, "fleet.db"), FileMode.Open, FileAccess.ReadWrite))
            RandomAccess.Write(file, Enumerable.Repeat((byte)0xa5, 3 * 4096).ToArray(), 4096 * 4);

        var said = await RunAsync(1, "backup", "--data", data);

        Assert.Matches("is damaged .*nothing was backed up|malformed", said);
        Assert.Single((await RunAsync(0, "backup", "list")).Trim().Split('\n'));
    }

    [Fact]
    public async Task What_is_asked_wrongly_is_a_sentence_that_says_what_to_do()
    {
        var data = await MakeAsync("data", pictures: 1);
        await BackUpAsync(data);
        Write("wrong", "another");

        Assert.Contains("does not open", await SayAsync(1, ["backup", "--data", data, "--repository", _folder["repository"], "--password-file", _folder["wrong"]]), StringComparison.Ordinal);
        Assert.Contains("already; a restore needs a folder without", await RunAsync(1, "restore", "--data", data), StringComparison.Ordinal);
        Assert.Contains("no matching ID", await RunAsync(1, "restore", "12345678", "--data", _folder["new"]), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("There is no fleet's data", await RunAsync(78, "backup", "--data", _folder["nowhere"]), StringComparison.Ordinal);
        Assert.Contains("openssl rand", await SayAsync(78, ["backup", "--data", data, "--repository", _folder["repository"], "--password-file", _folder["none"]]), StringComparison.Ordinal);
        Assert.Contains("--repository says where", await SayAsync(78, ["backup", "list", "--password-file", _folder["password"]]), StringComparison.Ordinal);
        Assert.Contains("whole number", await RunAsync(78, "backup", "--data", data, "--keep-daily", "some"), StringComparison.Ordinal);
        Assert.Contains("--keep-yearly", await RunAsync(78, "backup", "--data", data, "--keep-yearly", "3"), StringComparison.Ordinal);
        Let("wrong", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Contains("chmod 600", await SayAsync(78, ["backup", "--data", data, "--repository", _folder["repository"], "--password-file", _folder["wrong"]]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_of_a_newer_fleet_is_refused()
    {
        var data = await MakeAsync("data", pictures: 1);
        using (var database = DatabaseMoment.Open(Path.Combine(data, "fleet.db"), SqliteOpenMode.ReadWrite)) database.Execute($"PRAGMA user_version = {Migrations.Newest + 1}");
        await BackUpAsync(data);

        Assert.Contains("A newer cvops-fleet made this backup", await RunAsync(1, "restore", "--data", _folder["other"]), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["other"]));
    }

    public void Dispose() => _folder.Dispose();

    private void Write(string name, string password)
    {
        File.WriteAllText(_folder[name], password);
        Let(name, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private void Let(string name, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder[name], mode);
    }

    private static Task<TwinDesired> Order(FleetHost fleet, TestDevice device, char digest) => fleet.Services.GetRequiredService<DesiredTwins>().SetModelAsync(
        device.Id, new DesiredModel(new ModelRef("line", $"{digest}", new string(digest, 64)), null, new Uri("http://127.0.0.1:1/x"), 10, false), "test", Cancel);

    private static Task UntilCountedAsync(FleetHost fleet, int count) => FleetHost.UntilAsync(
        async () => await fleet.Services.GetRequiredService<Database>().ReadAsync(connection => connection.ExecuteScalar<long>("SELECT count(*) FROM inspections"), Cancel) == count, $"{count} inspections");

    private async Task<string> MakeAsync(string name, int pictures)
    {
        var data = Directory.CreateDirectory(_folder[name]).FullName;
        using (var database = new SqliteDatabase(Path.Combine(data, "fleet.db")))
            await database.WriteAsync(connection => Enumerable.Range(0, 2000).Sum(i => Fleet.Access.Audit.Add(connection, DateTimeOffset.UnixEpoch, "test", "row.written", $"{i}", $"{i * 7919}")), Cancel);
        using (var grains = DatabaseMoment.Open(Path.Combine(data, "grains.db"), SqliteOpenMode.ReadWriteCreate)) grains.Execute("CREATE TABLE g (a INTEGER)");
        var blobs = new BlobStore(Path.Combine(data, "blobs"));
        var random = new Random(1);
        for (var i = 0; i < pictures; i++)
        {
            var picture = new byte[20_000];
            random.NextBytes(picture);
            blobs.Put(picture);
        }
        return data;
    }

    private Task<string> BackUpAsync(string data) => RunAsync(0, "backup", "--data", data);

    private Task<string> RunAsync(int code, params string[] arguments) => SayAsync(code, [.. arguments, "--repository", _folder["repository"], "--password-file", _folder["password"]]);

    private async Task<string> SayAsync(int code, string[] arguments)
    {
        using var said = new StringWriter();
        var ended = await BackupCommand.RunAsync(arguments, _folder.Path, said, said);
        Assert.True(code == ended, $"ended with {ended}: {said}");
        return said.ToString();
    }

    private async Task KillAsync(string verb, string option, string value, Func<bool> until)
    {
        await using var process = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll"), [verb, option, value, "--repository", _folder["repository"], "--password-file", _folder["password"]]);
        await Eventually.Async(() => Task.FromResult(until() || process.HasExited), TimeSpan.FromSeconds(30), () => process.Output, Cancel);
        Assert.False(process.HasExited, process.Output);
        // Its restic with it, as when the machine loses its power.
        using var whole = Process.GetProcessById(process.Id);
        whole.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    private static long Number(string path)
    {
        using var database = DatabaseMoment.Open(path, SqliteOpenMode.ReadOnly);
        return database.ExecuteScalar<long>("SELECT n FROM n");
    }

    private static long Size(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);

    private static string[] Names(string blobs) => [.. Directory.EnumerateFiles(blobs, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Where(name => BlobStore.IsDigest(name)).Order(StringComparer.Ordinal)!];
}
