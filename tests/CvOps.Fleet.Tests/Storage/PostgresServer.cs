using CvOps.Testing;

namespace CvOps.Fleet.Tests.Storage;

/// <summary>A PostgreSQL server of its own, from Debian's package, in a folder of its own; reached through a socket there, where it believes everybody.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly string _programs;

    private PostgresServer(string programs) => _programs = programs;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Skips the test where PostgreSQL is not installed.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        var installed = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Order().LastOrDefault(folder => File.Exists(Path.Combine(folder, "bin", "initdb"))) : null;
        Skip.Unless(installed is not null, "PostgreSQL is not installed: apt-get install postgresql");
        var server = new PostgresServer(Path.Combine(installed!, "bin"));
        if (Environment.IsPrivilegedProcess) await RunAsync("chown", "postgres", server._folder.Path);
        await server.RunOwnAsync("initdb", "--pgdata", server._folder["data"], "--username", "cvops", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8");
        // A socket alone: no port that another test could want.
        await server.RunOwnAsync("pg_ctl", "--pgdata", server._folder["data"], "--wait", "--log", server._folder["log"], "--options", $"-k {server._folder.Path} -c listen_addresses= -c fsync=off", "start");
        return server;
    }

    /// <summary>As libpq names it.</summary>
    public string this[string database] => $"host={_folder.Path} user=cvops dbname={database}";

    public Task CreateAsync(string database) => AskAsync("postgres", $"CREATE DATABASE {database}");

    public Task DropAsync(string database) => AskAsync("postgres", $"DROP DATABASE {database} WITH (FORCE)");

    /// <summary>Runs SQL.</summary>
    /// <returns>The rows, columns parted by <c>|</c>.</returns>
    public Task<string> AskAsync(string database, string sql) => RunAsync("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", this[database], "--command", sql);

    public async ValueTask DisposeAsync()
    {
        await RunOwnAsync("pg_ctl", "--pgdata", _folder["data"], "--wait", "--mode", "immediate", "stop");
        _folder.Dispose();
    }

    // It refuses to run as root.
    private Task<string> RunOwnAsync(string program, params string[] arguments) => Environment.IsPrivilegedProcess
        ? RunAsync("setpriv", ["--reuid", "postgres", "--regid", "postgres", "--init-groups", Path.Combine(_programs, program), .. arguments])
        : RunAsync(Path.Combine(_programs, program), arguments);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using var process = TestProcess.Start(program, arguments, folder: "/");
        var code = await process.WaitForExitAsync(Patience, Cancel);
        Assert.True(code == 0, $"{program} ended with {code}: {process.Output}");
        return process.Output.Trim();
    }
}
