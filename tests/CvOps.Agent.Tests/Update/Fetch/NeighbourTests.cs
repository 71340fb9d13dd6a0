using System.Net;
using System.Net.Http.Headers;
using CvOps.Agent.Update;
using CvOps.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Tests.Update.Fetch;

public sealed class NeighbourTests
{
    private const int Size = 3_000_000;

    private static readonly byte[] Content = FetchRig.Noise(Size);

    [Fact]
    public async Task A_device_takes_the_package_from_a_neighbour_that_has_it()
    {
        await using var rig = await FetchRig.CreateAsync();
        var model = rig.Publish(Content);
        var (giver, port) = await GiverAsync(rig);
        giver.OnDisk(Content);
        var taker = Taker(rig, port);
        await taker.GetAsync(model, Content);
        // The list alone came from the server.
        Assert.Empty(rig.Ranges);
        Assert.Equal(Size, taker.Progress.FromNeighbours);
        Assert.InRange(rig.BytesServed, 1, Size / 20);
    }

    [Fact]
    public async Task A_neighbour_whose_package_is_damaged_costs_a_fallback()
    {
        await using var rig = await FetchRig.CreateAsync();
        var model = rig.Publish(Content);
        var (giver, port) = await GiverAsync(rig);
        giver.OnDisk(Content);
        UpdateRig.Flip(giver.Folder.PathOf(model.Model.Digest));
        var taker = Taker(rig, port);
        await taker.GetAsync(model, Content);
        Assert.Contains(taker.Log.Lines, line => line.Contains("sent wrong bytes", StringComparison.Ordinal));
    }

    public static TheoryData<string> Bad_neighbours => new() { "dead", "silent", "lying", "full", "trickling", "breaking", "no JSON", "impossible bits", "not configured to serve" };

    [Theory, MemberData(nameof(Bad_neighbours))]
    public async Task A_bad_neighbour_costs_nothing_but_a_fallback(string what)
    {
        await using var rig = await FetchRig.CreateAsync();
        var model = rig.Publish(Content);
        await using var neighbour = await BadNeighbourAsync(what);
        var taker = Taker(rig, new Uri(neighbour.Urls.First()).Port);
        if (what == "dead") await neighbour.StopAsync(TestContext.Current.CancellationToken);
        await taker.GetAsync(model, Content);
        Assert.InRange(taker.Progress.Fetched, Size / 2, (Size * 11 / 10) + 200_000);
    }

    [Fact]
    public async Task A_neighbour_that_begins_and_gets_nowhere_is_not_waited_for()
    {
        await using var rig = await FetchRig.CreateAsync();
        var model = rig.Publish(Content);
        var list = Contracts.Packages.Chunks.ChunkList.Of(new MemoryStream(Content), Size, TestContext.Current.CancellationToken);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var stuck = builder.Build();
        stuck.MapGet("/packages/{digest}/holding", () => Results.Json(new Contracts.Packages.Chunks.ChunkHolding
        {
            Device = new("stuck"), Fetching = true, Chunks = new byte[(list.Count + 7) / 8], List = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(list.Digests)),
        }, Contracts.ContractsJson.Default.ChunkHolding));
        await stuck.StartAsync(TestContext.Current.CancellationToken);
        await Taker(rig, new Uri(stuck.Urls.First()).Port).GetAsync(model, Content);
    }

    [Fact]
    public async Task Only_checked_chunks_of_an_unfinished_package_are_given()
    {
        await using var rig = await FetchRig.CreateAsync();
        var model = rig.Publish(Content);
        var held = new TaskCompletionSource();
        rig.Instead = async (_, _) =>
        {
            await held.Task;
            return false;
        };
        var (giver, port) = await GiverAsync(rig);
        var half = rig.Publish(Content[..(Size / 2)]);
        giver.OnDisk(Content[..(Size / 2)]);
        var fetching = giver.GetAsync(model, Content);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var address = $"/packages/{model.Model.Digest}";
        await Eventually.Async(async () => await StatusAsync(0, 999) == HttpStatusCode.PartialContent, UpdateRig.Deadline, () => "the first chunk", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(Size - 1000, Size - 1));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(0, Size - 1));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(5, 4));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(null, null));
        Assert.Equal(HttpStatusCode.PartialContent, await StatusAsync(0, 999, $"/packages/{half.Model.Digest}"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(0, 9, $"/packages/{new string('a', 64)}"));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(0, 9, "/packages/..%2f..%2fupdate.json"));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, await StatusAsync(0, Size, $"/packages/{half.Model.Digest}"));
        held.SetResult();
        await fetching;
        Assert.Equal(HttpStatusCode.PartialContent, await StatusAsync(Size - 1000, Size - 1));

        async Task<HttpStatusCode> StatusAsync(long? from, long? to, string? at = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, at ?? address);
            if (from is not null) request.Headers.TryAddWithoutValidation("Range", $"bytes={from}-{to}");
            using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task A_site_that_starts_at_once_fetches_about_one_copy()
    {
        const int devices = 5;
        await using var rig = await FetchRig.CreateAsync();
        var model = rig.Publish(Content);
        int[] ports = [.. Enumerable.Range(0, devices).Select(_ => TestProcess.FreePort())];
        Uri[] site = [.. ports.Select(port => new Uri($"http://127.0.0.1:{port}"))];
        FetchDevice[] all = [.. ports.Select((port, i) => rig.Device($"line-{i}", new UpdateOptions { Serve = $"127.0.0.1:{port}", Neighbours = site, ServeMegabytesPerSecond = 0 }))];
        await Task.WhenAll(all.Select(device => device.ServeAsync()));
        await Task.WhenAll(all.Select(device => device.GetAsync(model, Content)));
        var copies = all.Sum(device => device.Progress.Fetched) / (double)Size;
        TestContext.Current.SendDiagnosticMessage("{0} devices fetched {1:0.00} copies", devices, copies);
        // On a machine so busy that a device sees nothing of the others for seconds, it fetches for itself: that may never be as much as without neighbours.
        Assert.InRange(copies, 1, devices * 0.8);
    }

    private static async Task<(FetchDevice Giver, int Port)> GiverAsync(FetchRig rig)
    {
        var port = TestProcess.FreePort();
        var giver = rig.Device("giver", new UpdateOptions { Serve = $"127.0.0.1:{port}" });
        await giver.ServeAsync();
        return (giver, port);
    }

    private static FetchDevice Taker(FetchRig rig, int port) => rig.Device("taker", new UpdateOptions { Neighbours = [new Uri($"http://127.0.0.1:{port}")] });

    private static async Task<WebApplication> BadNeighbourAsync(string what)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        server.MapGet("/packages/{digest}/holding", async (HttpContext http) =>
        {
            if (what == "silent") await Task.Delay(Timeout.Infinite, http.RequestAborted);
            return what switch
            {
                "no JSON" => Results.Text("hello"),
                "impossible bits" => Results.Text("""{"device":"bad","fetching":true,"list":"x","chunks":"AA=="}"""),
                "not configured to serve" => Results.NotFound(),
                _ => Results.Text("""{"device":"bad","fetching":false}"""),
            };
        });
        server.MapGet("/packages/{digest}", async (HttpContext http) =>
        {
            var range = RangeHeaderValue.Parse(http.Request.Headers.Range.ToString()).Ranges.Single();
            var (from, to) = (range.From!.Value, range.To!.Value);
            if (what == "full")
            {
                http.Response.StatusCode = 503;
                return;
            }
            http.Response.StatusCode = 206;
            http.Response.Headers.ContentRange = $"bytes {from}-{to}/{Size}";
            for (var at = from; at <= to; at++)
            {
                await http.Response.Body.WriteAsync(what == "lying" ? new byte[] { 0 } : Content.AsMemory((int)at, 1));
                if (what == "trickling") await Task.Delay(50, http.RequestAborted);
                if (what == "breaking" && at > from + 2000) http.Abort();
            }
        });
        await server.StartAsync();
        return server;
    }
}
