using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CvOps.CrashMatrix.Rollouts;

/// <summary>The real <c>cvops-fleet</c>, killed and started again on one folder that knows many devices from the start.</summary>
internal sealed class RolloutFleet : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TestFolder _folder = new();
    private readonly ECDsa _key = SigningKeys.Create();
    private readonly HttpClient _http;
    private readonly string[] _arguments;
    private TestProcess? _process;

    private RolloutFleet(TestBroker broker)
    {
        var trusted = Directory.CreateDirectory(_folder["trusted"]).FullName;
        SigningKeys.SavePublic(_key, Path.Combine(trusted, "bench.pem"));
        var port = TestProcess.FreePort();
        _http = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/api/v1/")), Timeout = Patience, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", LocalTokenFile.Ensure(_folder["local.token"])) } };
        _arguments =
        [
            "--data", Directory.CreateDirectory(_folder["data"]).FullName, "--http", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"), "--trusted-keys", trusted, "--local-token", _folder["local.token"],
            "--broker", string.Create(CultureInfo.InvariantCulture, $"mqtt://127.0.0.1:{broker.Port}"),
        ];
    }

    public ModelRef Old { get; private set; } = null!;

    public ModelRef New { get; private set; } = null!;

    /// <param name="devices">Rows that are there before the first start: online, under the old model.</param>
    /// <param name="sites">How many they are dealt to, one after the other.</param>
    public static async Task<RolloutFleet> StartAsync(TestBroker broker, int devices, int sites = 20)
    {
        var fleet = new RolloutFleet(broker);
        var (old, young) = (fleet.Package("1"), fleet.Package("2"));
        (fleet.Old, fleet.New) = (old.Model, young.Model);
        fleet.Seed(devices, sites);
        await fleet.StartAsync();
        foreach (var (_, path) in (IEnumerable<(ModelRef, string)>)[old, young])
        {
            using var package = new ByteArrayContent(await File.ReadAllBytesAsync(path));
            package.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            using var answer = await fleet._http.PostAsync(new Uri("models", UriKind.Relative), package);
            if (!answer.IsSuccessStatusCode) throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        }
        return fleet;
    }

    public static string Device(int number) => string.Create(CultureInfo.InvariantCulture, $"d-{number:000000}");

    /// <summary>Returns when it has subscribed.</summary>
    public async Task StartAsync()
    {
        Launch();
        await _process!.WaitForOutputAsync("Connected to", Patience);
        await _process.WaitForOutputAsync("listens on", Patience);
    }

    /// <summary>Returns at once.</summary>
    public void Launch() => _process = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll"), _arguments);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is null) return;
        await _process.KillAsync();
        await _process.DisposeAsync();
        _process = null;
    }

    public Task SaysAsync(string text) => _process!.WaitForOutputAsync(text, Patience);

    /// <summary>When it says it from now on, as a timestamp.</summary>
    public Task<long> WhenSaidAsync(string text) => _process!.WhenSaidAsync(text, Patience);

    /// <summary>Returns when it has said it so many times since its start.</summary>
    public Task SaysAsync(string text, int times) => Eventually.Async(() => Output.Split(text).Length > times, Patience, () => $"no '{text}' in: {Output}");

    public string Output => _process?.Output ?? "";

    /// <summary>CPU seconds of the process so far.</summary>
    public double Cpu
    {
        get
        {
            using var process = System.Diagnostics.Process.GetProcessById(_process!.Id);
            return process.TotalProcessorTime.TotalSeconds;
        }
    }

    public async Task<RolloutView> CreateAsync(RolloutPlan plan, bool draft = false)
    {
        using var answer = await _http.PostAsJsonAsync(draft ? "rollouts?draft=true" : "rollouts", plan, ContractsJson.Default.RolloutPlan);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.RolloutView))!;
    }

    public async Task<RolloutView> ReadAsync(string id) => (await _http.GetFromJsonAsync($"rollouts/{id}", ContractsJson.Default.RolloutView))!;

    /// <returns>Null while the fleet does not answer.</returns>
    public async Task<RolloutView?> TryReadAsync(string id)
    {
        try
        {
            return await ReadAsync(id);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>A verb that may come to nothing: the fleet dies under it, or the rollout is past it.</summary>
    public async Task AskAsync(string id, string verb)
    {
        try
        {
            using var answer = await _http.PostAsJsonAsync($"rollouts/{id}/{verb}", new RolloutAction("crashes", verb), ContractsJson.Default.RolloutAction);
        }
        catch (HttpRequestException)
        {
            // Whoever asked looks what became of it.
        }
    }

    /// <summary>Without its devices.</summary>
    public async Task<RolloutView> LookAsync(string id) => (await _http.GetFromJsonAsync("rollouts", ContractsJson.Default.RolloutViewArray))!.Single(view => view.Id == id);

    /// <summary>Of the tables, beside the fleet.</summary>
    public T Ask<T>(string sql)
    {
        Sqlite.Initialise();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(_folder["data"], "fleet.db"), Mode = SqliteOpenMode.ReadWrite, Pooling = false, DefaultTimeout = 60 }.ToString());
        return connection.ExecuteScalar<T>(sql)!;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _http.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }

    private (ModelRef Model, string Path) Package(string version)
    {
        var path = _folder[$"line-{version}.cvmodel"];
        var digest = PackageWriter.Write(path, new ModelPackageParts
        {
            Manifest = new ModelManifest
            {
                Name = "line", Version = version, Task = ModelTask.Classification, Input = new InputSpec { Name = "input", Width = 2, Height = 2 },
                Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"] }, Classes = ["ok", "scratch"], RejectClasses = ["scratch"],
            },
            Onnx = new byte[] { 8, 7, 18, 0 }, Profile = new ReferenceProfile { Frames = 1, Classes = new Dictionary<string, long> { ["ok"] = 1 }, Histograms = new Dictionary<string, ReferenceHistogram>() },
            Golden = new GoldenVectors(1e-3, [new GoldenVector("golden/0.input.f32", [new GoldenOutput("logits", [1, 2], "golden/0.logits.f32")], new Prediction { Class = "ok", Confidence = 0.7 })]),
            Tensors = new Dictionary<string, ReadOnlyMemory<byte>> { ["golden/0.input.f32"] = new byte[48], ["golden/0.logits.f32"] = new byte[8] },
        }, _key);
        return (new ModelRef("line", version, digest), path);
    }

    private void Seed(int devices, int sites)
    {
        using var database = new SqliteDatabase(Path.Combine(_folder["data"], "fleet.db"));
        var reported = JsonSerializer.Serialize(SimulatedDevices.Report(0, Old, null, UpdateState.Idle, null, null), ContractsJson.Default.TwinReported);
        var now = SqlTime.Of(DateTimeOffset.UtcNow);
        database.WriteAsync(connection =>
        {
            for (var i = 0; i < devices; i++)
                connection.Execute("INSERT INTO devices (id, site, online, last_seen, reported) VALUES (@Id, @Site, 1, @now, @reported)", new { Id = Device(i), Site = $"site-{i % sites}", now, reported });
            return devices;
        }, CancellationToken.None).GetAwaiter().GetResult();
    }
}
