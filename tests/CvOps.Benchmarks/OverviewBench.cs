using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using CvOps.Fleet.Storage;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>
/// The dashboard's overview with ten thousand devices: first paint and interactions in a driven Chromium, then how fast the fleet takes in messages while two
/// hundred pages are open that do what pages do, beside how fast it does without, round by round.
/// </summary>
internal static class OverviewBench
{
    private const int Devices = 10_000;
    private const int Viewers = 200;
    private const int Rounds = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        using var payloads = new IngestPayloads();
        await using var broker = await BenchBroker.StartAsync();
        await using var fleet = await BenchFleet.StartAsync(broker, payloads, async data =>
        {
            using var database = new SqliteDatabase(Path.Combine(data, "fleet.db"));
            await TwinRestart.WriteAsync(database, Devices);
        });
        var (paint, interaction) = await BrowseAsync(fleet);
        var (without, beside) = (new List<double>(), new List<double>());
        for (var round = 0; round < 2 * (Rounds + 1); round++)
        {
            using var viewers = round % 2 == 0 ? null : new OverviewViewers(fleet, Viewers);
            if (viewers is not null) await viewers.OpenAsync();
            var rate = await IngestBench.FleetAsync(broker, fleet, payloads.Write(round), round + 1);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(viewers is null ? "nobody looks" : $"{Viewers} pages, {viewers.Pages} fetched")}: {rate:0} messages/s{(round < 2 ? " (warm-up)" : "")}"));
            if (round >= 2) (viewers is null ? without : beside).Add(rate);
        }
        return
        [
            Figure.AtMost("first useful paint of the overview, 10,000 devices, ms", paint, 1000, "Chromium on loopback, median of 9"),
            Figure.AtMost("interactions of the overview, 95th percentile, ms", interaction, 100, "Event Timing of Chromium: input to the next frame"),
            Figure.AtLeast("messages/s with 200 pages open / with none", Median(beside) / Median(without), 0.95, "the same fleet, rounds interleaved"),
        ];
    }

    private static async Task<(double Paint, double Interaction)> BrowseAsync(BenchFleet fleet)
    {
        await using var browser = TestProcess.Start("node", [Path.Combine("tests", "CvOps.Ui", "overview.mjs"), fleet.Dashboard.ToString()], new Dictionary<string, string?> { ["CVOPS_TOKEN"] = fleet.Token });
        if (await browser.WaitForExitAsync(Patience) != 0) throw new InvalidOperationException($"The browser's part failed: {browser.Output}");
        using var said = JsonDocument.Parse(browser.Output.Trim().Split('\n')[^1]);
        return (said.RootElement.GetProperty("paint").GetDouble(), said.RootElement.GetProperty("interaction").GetDouble());
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}

/// <summary>Pages of the overview without a browser: each hears of changes and fetches the page anew at the pace that it is told.</summary>
internal sealed class OverviewViewers(BenchFleet fleet, int count) : IDisposable
{
    /// <summary>As the pages' script asks for what they show.</summary>
    private const string Content = "X-CvOps-Content";

    private readonly HttpClient _http = new() { BaseAddress = fleet.Dashboard, Timeout = Timeout.InfiniteTimeSpan, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", fleet.Token) } };
    private readonly CancellationTokenSource _closing = new();
    private int _pages;

    public int Pages => Volatile.Read(ref _pages);

    /// <summary>Returns when every page is open.</summary>
    public Task OpenAsync() => Task.WhenAll(Enumerable.Range(0, count).Select(async viewer =>
    {
        var answer = await _http.GetAsync(new Uri("api/v1/events/pages", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, _closing.Token);
        _ = LookAsync(answer.EnsureSuccessStatusCode(), viewer);
    }));

    public void Dispose()
    {
        _closing.Cancel();
        _http.Dispose();
        _closing.Dispose();
    }

    private async Task LookAsync(HttpResponseMessage answer, int viewer)
    {
        using (answer)
        {
            try
            {
                // As if each had last looked at another moment of the ten seconds before.
                var (token, waits, last) = (_closing.Token, TimeSpan.FromSeconds(10.0 * viewer / count), Stopwatch.GetTimestamp());
                var tag = "-";
                await using var stream = await answer.Content.ReadAsStreamAsync(token);
                await foreach (var item in SseParser.Create(stream).EnumerateAsync(token))
                {
                    using var said = JsonDocument.Parse(item.Data);
                    if (Stopwatch.GetElapsedTime(last) + waits < TimeSpan.FromMilliseconds(said.RootElement.GetProperty("pace").GetInt32())) continue;
                    (waits, last) = (TimeSpan.Zero, Stopwatch.GetTimestamp());
                    using var asked = new HttpRequestMessage(HttpMethod.Get, new Uri("", UriKind.Relative)) { Headers = { { Content, tag } } };
                    using var page = await _http.SendAsync(asked, token);
                    await page.Content.ReadAsByteArrayAsync(token);
                    tag = page.EnsureSuccessStatusCode().Headers.GetValues(Content).Single();
                    Interlocked.Increment(ref _pages);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or IOException or HttpRequestException)
            {
                // Closed.
            }
        }
    }
}
