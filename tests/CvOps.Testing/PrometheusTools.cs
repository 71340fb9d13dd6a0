using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace CvOps.Testing;

/// <summary>Debian's <c>promtool</c>: checks of metrics, rules and configurations by Prometheus itself.</summary>
public static class PrometheusTools
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    /// <summary>Skips the test when promtool is absent.</summary>
    /// <returns>Exit code and what it said.</returns>
    public static async Task<(int Code, string Said)> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken = default)
    {
        Skip.Unless(TestProcess.Find("promtool") is not null, "promtool is not installed (apt-get install prometheus).");
        await using var process = TestProcess.Start(TestProcess.Find("promtool")!, arguments);
        return (await process.WaitForExitAsync(Deadline, cancellationToken), process.Output);
    }

    /// <summary>What <c>promtool check metrics</c> has to say of a page; nothing when all is well.</summary>
    public static async Task<string> ComplaintsAsync(string page, CancellationToken cancellationToken = default)
    {
        Skip.Unless(TestProcess.Find("promtool") is not null, "promtool is not installed (apt-get install prometheus).");
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder["page"], page, cancellationToken);
        // It reads its standard input alone.
        await using var process = TestProcess.Start("/bin/sh", ["-c", $"promtool check metrics < '{folder["page"]}'"]);
        await process.WaitForExitAsync(Deadline, cancellationToken);
        return process.Output;
    }
}

/// <summary>A real Prometheus on a free port of the loopback, that scrapes every second.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly HttpClient _http;
    private readonly int _port = TestProcess.FreePort();
    private TestProcess? _process;

    private PrometheusServer() => _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}/") };

    /// <param name="jobs">The items of <c>scrape_configs</c>, as YAML without indentation.</param>
    /// <remarks>Skips the test when prometheus is absent.</remarks>
    public static async Task<PrometheusServer> StartAsync(string jobs, CancellationToken cancellationToken = default)
    {
        Skip.Unless(TestProcess.Find("prometheus") is not null, "prometheus is not installed (apt-get install prometheus).");
        var server = new PrometheusServer();
        try
        {
            await File.WriteAllTextAsync(server._folder["prometheus.yml"], $"global: {{ scrape_interval: 1s }}\nscrape_configs:\n{jobs}\n", cancellationToken);
            server._process = TestProcess.Start(TestProcess.Find("prometheus")!,
                [$"--config.file={server._folder["prometheus.yml"]}", $"--storage.tsdb.path={server._folder["data"]}", string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{server._port}")]);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until a query has an answer that is as it should be.</summary>
    /// <returns>Labels and values.</returns>
    public async Task<IReadOnlyList<(JsonNode Labels, double Value)>> UntilAsync(string query, Func<IReadOnlyList<(JsonNode Labels, double Value)>, bool> good, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<(JsonNode, double)> seen = [];
        var said = "";
        await Eventually.Async(async () =>
        {
            try
            {
                var answer = await _http.GetFromJsonAsync<JsonNode>($"api/v1/query?query={Uri.EscapeDataString(query)}", cancellationToken);
                said = answer!.ToJsonString();
                seen = [.. answer["data"]!["result"]!.AsArray().Select(it => (it!["metric"]!, double.Parse(it["value"]![1]!.GetValue<string>(), CultureInfo.InvariantCulture)))];
                return seen.Count > 0 && good(seen);
            }
            catch (HttpRequestException e)
            {
                said = e.Message;
                return _process!.HasExited ? throw new InvalidOperationException($"Prometheus ended: {_process.Output}") : false;
            }
        }, Deadline, () => $"{query}: {said}", cancellationToken);
        return seen;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_process is not null) await _process.DisposeAsync();
        _folder.Dispose();
    }
}
