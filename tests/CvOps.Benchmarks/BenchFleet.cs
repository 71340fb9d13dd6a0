using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CvOps.Benchmarks;

/// <summary>The real <c>cvops-fleet</c>, a process of its own on a folder of its own, connected to a broker.</summary>
internal sealed class BenchFleet : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TestFolder _folder;
    private readonly ECDsa _key = SigningKeys.Create();
    private readonly HttpClient _http;
    private readonly TestProcess _process;
    private SqliteConnection? _database;
    private long _before;

    private BenchFleet(TestBroker broker, TestFolder folder)
    {
        _folder = folder;
        var trusted = Directory.CreateDirectory(_folder["trusted"]).FullName;
        SigningKeys.SavePublic(_key, Path.Combine(trusted, "bench.pem"));
        var port = TestProcess.FreePort();
        _http = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/api/v1/")), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", LocalTokenFile.Ensure(_folder["local.token"])) } };
        _process = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll"),
        [
            "--data", _folder["data"], "--http", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"), "--trusted-keys", trusted, "--local-token", _folder["local.token"],
            "--broker", string.Create(CultureInfo.InvariantCulture, $"mqtt://127.0.0.1:{broker.Port}"),
        ]);
    }

    /// <summary>Opens everything.</summary>
    public string Token => LocalTokenFile.Ensure(_folder["local.token"]);

    /// <summary>Where its dashboard is.</summary>
    public Uri Dashboard => new(_http.BaseAddress!, "/");

    /// <summary>Returns when it has subscribed and the package is in its registry.</summary>
    /// <param name="before">Puts something into its data folder before it starts.</param>
    public static async Task<BenchFleet> StartAsync(TestBroker broker, IngestPayloads payloads, Func<string, Task>? before = null)
    {
        var folder = new TestFolder();
        if (before is not null) await before(Directory.CreateDirectory(folder["data"]).FullName);
        var fleet = new BenchFleet(broker, folder);
        await fleet._process.WaitForOutputAsync("Connected to", Patience);
        await fleet._process.WaitForOutputAsync("listens on", Patience);
        using var package = new ByteArrayContent(await File.ReadAllBytesAsync(payloads.Package(fleet._key)));
        package.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var answer = await fleet._http.PostAsync(new Uri("models", UriKind.Relative), package);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        Sqlite.Initialise();
        fleet._database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(fleet._folder["data"], "fleet.db"), Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        await fleet._database.OpenAsync();
        fleet._before = fleet.Inspections;
        return fleet;
    }

    /// <summary>CPU seconds of the process so far.</summary>
    public double Cpu
    {
        get
        {
            using var process = System.Diagnostics.Process.GetProcessById(_process.Id);
            return process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>Inspections whose rows are committed.</summary>
    public long Inspections => _database!.ExecuteScalar<long>("SELECT coalesce(sum(inspections), 0) FROM devices") - _before;

    /// <summary>Returns when that many inspections and windows are committed and the drift of every camera has its windows.</summary>
    public async Task AppliedAsync(long inspections, long windows)
    {
        using var late = new CancellationTokenSource(Patience);
        try
        {
            await AppliedAsync(inspections, windows, late.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Inspections} inspections of {inspections} were applied. {_process.Output}");
        }
        if (Inspections != inspections) throw new InvalidOperationException($"{Inspections} inspections were applied of {inspections}.");
    }

    private async Task AppliedAsync(long inspections, long windows, CancellationToken late)
    {
        while (Inspections < inspections || _database!.ExecuteScalar<long>("SELECT coalesce(max(cursor), 0) FROM drift_windows") < windows) await Task.Delay(5, late);
        while ((await _http.GetFromJsonAsync("drift", ContractsJson.Default.DriftViewArray, late))!.Sum(camera => camera.Frames) < 50 * windows) await Task.Delay(5, late);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        await _process.DisposeAsync();
        _http.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }
}
