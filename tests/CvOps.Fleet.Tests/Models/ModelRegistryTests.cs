using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Models;

public sealed class ModelRegistryTests
{
    [Fact]
    public async Task A_signed_package_is_let_in_and_comes_back_byte_for_byte_also_in_pieces()
    {
        await using var fleet = await FleetHost.StartAsync();
        var bytes = await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("a.cvmodel"), fleet.SigningKey), TestContext.Current.CancellationToken);
        var model = await (await PostAsync(fleet, bytes)).Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, TestContext.Current.CancellationToken);
        Assert.Equal(("line", "1", SigningKeys.KeyId(fleet.SigningKey)), (model!.Model.Name, model.Model.Version, model.SignedBy));

        using var http = new HttpClient();
        var link = fleet.Services.GetRequiredService<ModelLinks>().For(model.Model.Digest);
        Assert.Equal(bytes, await http.GetByteArrayAsync(link, TestContext.Current.CancellationToken));
        using var piece = new HttpRequestMessage(HttpMethod.Get, link) { Headers = { Range = new RangeHeaderValue(10, 19) } };
        var answer = await http.SendAsync(piece, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal(bytes[10..20], await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync(new Uri(link + "0"), TestContext.Current.CancellationToken)).StatusCode);

        Assert.Equal(HttpStatusCode.Created, (await PostAsync(fleet, bytes)).StatusCode);
        await fleet.RestartFleetAsync();
        Assert.Single((await fleet.Http.GetFromJsonAsync("models", ContractsJson.Default.ModelViewArray, TestContext.Current.CancellationToken))!);
    }

    [Fact]
    public async Task A_package_with_one_byte_changed_or_signed_by_someone_else_is_refused_with_the_reason()
    {
        await using var fleet = await FleetHost.StartAsync();
        var bytes = await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("a.cvmodel"), fleet.SigningKey), TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        await AssertRefusedAsync(await PostAsync(fleet, bytes), "");

        using var stranger = SigningKeys.Create();
        var foreign = await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("b.cvmodel"), stranger), TestContext.Current.CancellationToken);
        await AssertRefusedAsync(await PostAsync(fleet, foreign), $"unknown key {SigningKeys.KeyId(stranger)}");
        await AssertRefusedAsync(await PostAsync(fleet, [1, 2, 3]), "");
        Assert.Empty((await fleet.Http.GetFromJsonAsync("models", ContractsJson.Default.ModelViewArray, TestContext.Current.CancellationToken))!);
    }

    [Fact]
    public async Task A_version_is_given_once_and_what_is_refused_for_it_is_not_kept()
    {
        await using var fleet = await FleetHost.StartAsync();
        await PostAsync(fleet, await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("a.cvmodel"), fleet.SigningKey), TestContext.Current.CancellationToken));
        // ECDSA signs differently each time: the same parts make another file.
        var again = await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("b.cvmodel"), fleet.SigningKey), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(fleet, again)).StatusCode);
        Assert.False(fleet.Services.GetRequiredService<BlobStore>().Exists(Convert.ToHexStringLower(SHA256.HashData(again))));
    }

    [Fact]
    public async Task A_package_whose_file_is_lost_is_said_everywhere_and_is_whole_again_when_it_is_brought_again()
    {
        await using var fleet = await FleetHost.StartAsync();
        var bytes = await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("a.cvmodel"), fleet.SigningKey), TestContext.Current.CancellationToken);
        var model = (await (await PostAsync(fleet, bytes)).Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, TestContext.Current.CancellationToken))!;
        File.Delete(fleet.Services.GetRequiredService<BlobStore>().PathOf(model.Model.Digest));

        foreach (var what in new[] { "package", "chunks" })
        {
            var answer = await fleet.Http.GetAsync($"models/{model.Model.Digest}/{what}", TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.InternalServerError, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
            Assert.Contains("The file of line 1 is gone from the fleet's blob store", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        Assert.True(Assert.Single((await fleet.Http.GetFromJsonAsync("models", ContractsJson.Default.ModelViewArray, TestContext.Current.CancellationToken))!).Lost);
        FleetOverview? overview = null;
        await Eventually.Async(async () =>
            (overview = await fleet.Http.GetFromJsonAsync("fleet", ContractsJson.Default.FleetOverview, TestContext.Current.CancellationToken))!.NeedsAttention.Any(item => item.Severity == "error" && item.Message.StartsWith("The fleet has lost the file of line 1", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(30), () => $"the overview says {string.Join("; ", overview?.NeedsAttention.Select(item => item.Message) ?? [])}", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Created, (await PostAsync(fleet, bytes)).StatusCode);
        Assert.Equal(bytes, await fleet.Http.GetByteArrayAsync($"models/{model.Model.Digest}/package", TestContext.Current.CancellationToken));
        Assert.False((await fleet.Http.GetFromJsonAsync($"models/{model.Model.Digest}", ContractsJson.Default.ModelView, TestContext.Current.CancellationToken))!.Lost);
        Assert.Contains((await fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, TestContext.Current.CancellationToken))!.Entries, entry => entry.Action == "model.restored");
    }

    private static Task<HttpResponseMessage> PostAsync(FleetHost fleet, byte[] package) => fleet.Http.PostAsync("models", new ByteArrayContent(package), TestContext.Current.CancellationToken);

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, string reason)
    {
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.UnprocessableEntity, body);
        Assert.Contains(reason, body, StringComparison.Ordinal);
        Assert.Contains("detail", body, StringComparison.Ordinal);
    }
}
