using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Models;
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
    public async Task A_version_is_given_once()
    {
        await using var fleet = await FleetHost.StartAsync();
        await PostAsync(fleet, await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("a.cvmodel"), fleet.SigningKey), TestContext.Current.CancellationToken));
        // ECDSA signs differently each time: the same parts make another file.
        var again = await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("b.cvmodel"), fleet.SigningKey), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(fleet, again)).StatusCode);
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
