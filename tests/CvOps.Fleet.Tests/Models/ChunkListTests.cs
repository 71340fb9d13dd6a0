using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Models;
using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Models;

public sealed class ChunkListTests
{
    [Fact]
    public async Task A_packages_chunks_are_listed_to_whoever_may_fetch_the_package()
    {
        var time = new ManualTime(DateTimeOffset.UtcNow);
        await using var fleet = await FleetHost.StartAsync(change: builder => builder.Services.AddSingleton<TimeProvider>(time));
        var (bytes, model) = await RegisterAsync(fleet);
        var links = fleet.Services.GetRequiredService<ModelLinks>();
        using var http = new HttpClient();
        var list = await http.GetFromJsonAsync(links.ForChunks(model.Model.Digest), ContractsJson.Default.ChunkList, TestContext.Current.CancellationToken);
        Assert.Null(list!.Problem(model.Model.Digest, bytes.Length));

        // The package's token opens the list, another package's or an altered one does not, and neither does one that is over.
        var package = links.For(model.Model.Digest);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(new Uri(package.AbsoluteUri.Replace("/package?", "/chunks?", StringComparison.Ordinal))));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(new Uri(links.ForChunks(model.Model.Digest) + "0")));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(new Uri(links.ForChunks(new string('a', 64)).AbsoluteUri.Replace(new string('a', 64), model.Model.Digest, StringComparison.Ordinal))));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(links.ForChunks(new string('a', 64))));
        time.Advance(fleet.Options.LinkLifetime);
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(package));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(new Uri(package.AbsoluteUri.Replace("/package?", "/chunks?", StringComparison.Ordinal))));

        async Task<HttpStatusCode> StatusAsync(Uri address)
        {
            using var answer = await http.GetAsync(address, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task A_list_is_cut_once_and_kept_beside_its_package()
    {
        await using var fleet = await FleetHost.StartAsync();
        var (_, model) = await RegisterAsync(fleet);
        var registry = fleet.Services.GetRequiredService<ModelRegistry>();
        var kept = registry.PackagePath(model) + ".chunks.gz";
        Assert.False(File.Exists(kept));
        var first = await fleet.Http.GetByteArrayAsync($"models/{model.Model.Digest}/chunks", TestContext.Current.CancellationToken);
        var written = File.GetLastWriteTimeUtc(kept);
        using (var request = new HttpRequestMessage(HttpMethod.Get, $"models/{model.Model.Digest}/chunks"))
        {
            request.Headers.AcceptEncoding.ParseAdd("gzip");
            using var packed = await fleet.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(["gzip"], packed.Content.Headers.ContentEncoding);
            Assert.Equal(await File.ReadAllBytesAsync(kept, TestContext.Current.CancellationToken), await packed.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
        Assert.Equal(first, await fleet.Http.GetByteArrayAsync($"models/{model.Model.Digest}/chunks", TestContext.Current.CancellationToken));
        Assert.Equal(written, File.GetLastWriteTimeUtc(kept));
    }

    [Fact]
    public async Task A_device_that_waits_with_a_link_that_is_over_gets_a_fresh_one_once()
    {
        var time = new ManualTime(DateTimeOffset.UtcNow);
        await using var fleet = await FleetHost.StartAsync(change: builder => builder.Services.AddSingleton<TimeProvider>(time));
        var (bytes, model) = await RegisterAsync(fleet);
        var links = fleet.Services.GetRequiredService<ModelLinks>();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SayOnlineAsync();
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, TestContext.Current.CancellationToken))!.Length == 1, "the device");
        var stale = new DesiredModel(model.Model, "rollout-1", links.For(model.Model.Digest), bytes.Length, true) { Chunks = links.ForChunks(model.Model.Digest) };
        await fleet.Services.GetRequiredService<DesiredTwins>().SetModelAsync(new DeviceId("line-1"), stale, "operator", TestContext.Current.CancellationToken);
        await UntilAsync(1);

        // A link that is young stays as it is.
        await SayDownloadingAsync(1);
        time.Advance(fleet.Options.LinkLifetime);
        await SayDownloadingAsync(1);
        await UntilAsync(2);
        var fresh = device.Desired!.Model!;
        Assert.Equal((stale.Model, stale.Rollout, stale.CompareWithPrevious), (fresh.Model, fresh.Rollout, fresh.CompareWithPrevious));
        using var http = new HttpClient();
        Assert.Equal(bytes, await http.GetByteArrayAsync(fresh.Url, TestContext.Current.CancellationToken));
        Assert.NotNull(await http.GetFromJsonAsync(fresh.Chunks, ContractsJson.Default.ChunkList, TestContext.Current.CancellationToken));

        // The old report again, and one of the renewed document: nothing more to renew.
        await SayDownloadingAsync(1);
        await SayDownloadingAsync(2);
        Assert.Equal(3, (await fleet.Services.GetRequiredService<DesiredTwins>().SetModelAsync(new DeviceId("line-1"), stale with { Rollout = "rollout-2" }, "operator", TestContext.Current.CancellationToken)).Version);

        Task SayDownloadingAsync(long version) => device.SendAsync(device.Topics.TwinReported, new TwinReported
        {
            DesiredVersion = version, Boot = 1, At = time.GetUtcNow(), AgentVersion = "1.0", Provider = "CPU", Cameras = [],
            Model = new ReportedModel { State = UpdateState.Downloading, Target = model.Model.Digest },
        }, ContractsJson.Default.TwinReported);
        Task UntilAsync(long version) => Eventually.Async(() => device.Desired?.Version == version, TimeSpan.FromSeconds(15), () => $"desired version {device.Desired?.Version}", TestContext.Current.CancellationToken);
    }

    private static async Task<(byte[] Bytes, ModelView Model)> RegisterAsync(FleetHost fleet)
    {
        var bytes = await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("a.cvmodel"), fleet.SigningKey), TestContext.Current.CancellationToken);
        using var answer = await fleet.Http.PostAsync("models", new ByteArrayContent(bytes), TestContext.Current.CancellationToken);
        return (bytes, (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, TestContext.Current.CancellationToken))!);
    }
}
