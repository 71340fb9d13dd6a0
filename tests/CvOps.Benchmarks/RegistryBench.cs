using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Packages;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>
/// The model registry as an MLflow client asks it, over HTTP on the loopback: registered models by three tags among 10,000 with five tags each. One client that waits
/// for each answer and reads it; a figure is the median over five rounds.
/// </summary>
internal static class RegistryBench
{
    private const int Models = 10_000;
    private const int Writers = 32;
    private const int Rounds = 5;
    private const int Searches = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var broker = await TestBroker.StartAsync();
        using var folder = new TestFolder();
        using var key = SigningKeys.Create();
        SigningKeys.SavePublic(key, Path.Combine(Directory.CreateDirectory(folder["trusted"]).FullName, "bench.pem"));
        var port = TestProcess.FreePort();
        await using var fleet = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll"),
        [
            "--data", folder["data"], "--http", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"), "--trusted-keys", folder["trusted"], "--local-token", folder["local.token"],
            "--broker", string.Create(CultureInfo.InvariantCulture, $"mqtt://127.0.0.1:{broker.Port}"),
        ]);
        await fleet.WaitForOutputAsync("listens on", Patience);
        using var http = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/api/2.0/mlflow/registered-models/")), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", LocalTokenFile.Read(folder["local.token"])) } };
        var started = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(0, Models), new ParallelOptions { MaxDegreeOfParallelism = Writers }, async (model, cancel) => await CreateAsync(http, model, cancel));
        var filled = Stopwatch.GetElapsedTime(started);

        var random = new Random(8);
        var found = 0;
        await RoundAsync(Searches);
        var rounds = new List<(double Half, double Most)>();
        for (var round = 0; round < Rounds; round++)
        {
            var times = await RoundAsync(Searches);
            Array.Sort(times);
            rounds.Add((times[times.Length / 2], times[times.Length * 99 / 100]));
        }
        var p99 = Median(rounds.Select(round => round.Most));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"registry: {Models} models registered in {filled.TotalSeconds:0.0} s by {Writers} clients; a search by three tags finds {(double)found / ((Rounds + 1) * Searches):0.0} models, p50 {Median(rounds.Select(round => round.Half)):0.00} ms, p99 {p99:0.00} ms"));
        return [Figure.AtMost("registry search by three tags over 10,000 models, p99 in ms", p99, 5, "5 ms over HTTP on loopback")];

        async Task<double[]> RoundAsync(int searches)
        {
            var times = new double[searches];
            for (var i = 0; i < searches; i++)
            {
                var model = random.Next(Models);
                var asked = new Uri($"search?max_results=100&filter={Uri.EscapeDataString($"tags.site = '{Site(model)}' and tags.line = '{Line(model)}' and tags.task = '{Kind(model)}'")}", UriKind.Relative);
                var from = Stopwatch.GetTimestamp();
                var answer = await http.GetByteArrayAsync(asked);
                times[i] = Stopwatch.GetElapsedTime(from).TotalMilliseconds;
                using var document = JsonDocument.Parse(answer);
                var names = document.RootElement.GetProperty("registered_models").EnumerateArray().Select(it => it.GetProperty("name").GetString()).ToArray();
                if (!names.Contains(Name(model))) throw new InvalidOperationException($"{Name(model)} was not found by its tags.");
                found += names.Length;
            }
            return times;
        }
    }

    private static async Task CreateAsync(HttpClient http, int model, CancellationToken cancel)
    {
        using var body = new StringContent(
            $$"""{"name": "{{Name(model)}}", "tags": [{"key": "site", "value": "{{Site(model)}}"}, {"key": "line", "value": "{{Line(model)}}"}, {"key": "task", "value": "{{Kind(model)}}"}, {"key": "owner", "value": "team-{{model % 7}}"}, {"key": "serial", "value": "{{model}}"}]}""",
            Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var answer = await http.PostAsync(new Uri("create", UriKind.Relative), body, cancel);
        answer.EnsureSuccessStatusCode();
    }

    private static string Name(int model) => string.Create(CultureInfo.InvariantCulture, $"model-{model:00000}");

    private static string Site(int model) => string.Create(CultureInfo.InvariantCulture, $"site-{model % 12}");

    private static string Line(int model) => string.Create(CultureInfo.InvariantCulture, $"line-{model / 12 % 40}");

    private static string Kind(int model) => (model / 480 % 3) switch { 0 => "classification", 1 => "detection", _ => "segmentation" };

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
