using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tests.Access.Sessions;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Access.Tokens;

[Trait("tier", "integration")]
public sealed class ApiTokenTests : IAsyncLifetime
{
    private FleetHost _fleet = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _fleet = await FleetHost.StartAsync();

    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    [Fact]
    public async Task A_token_opens_until_it_is_over_or_taken_back_and_the_database_has_only_its_hash()
    {
        var (view, text) = await MakeAsync(new ApiTokenRequest("line", [Permission.Read]) { ValidDays = 3.0 / 86_400 });
        Assert.StartsWith(view.Id + "_", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(text));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(text[..^1]));
        await FleetHost.UntilAsync(async () => await AskAsync(text) == HttpStatusCode.Unauthorized, "the token is over after three seconds");

        var (second, other) = await MakeAsync(new ApiTokenRequest("line", [Permission.Read]));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(other));
        using (await _fleet.Http.PostAsync(new Uri($"tokens/{second.Id}/revoke", UriKind.Relative), null, Cancel)) Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(other));
        var rows = await _fleet.Services.GetRequiredService<Database>().ReadAsync(connection => connection.Query<string>("SELECT hash FROM api_token").ToArray(), Cancel);
        Assert.DoesNotContain(rows, hash => text.Contains(hash, StringComparison.Ordinal) || other.Contains(hash, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_token_may_never_more_than_its_owner_and_dies_with_the_account()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        var refused = await browser.SendAsync(HttpMethod.Post, "api/v1/tokens", Body(new ApiTokenRequest("more", [Permission.Administer])), form: browser.FormToken);
        Assert.Contains("may not more than you", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        var acting = await browser.SendAsync(HttpMethod.Post, "api/v1/tokens", Body(new ApiTokenRequest("others", [Permission.Read, Permission.ActFor])), form: browser.FormToken);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, acting.StatusCode);
        var made = await (await browser.SendAsync(HttpMethod.Post, "api/v1/tokens", Body(new ApiTokenRequest("mine", [Permission.Read, Permission.Operate])), form: browser.FormToken)).Content.ReadFromJsonAsync(ContractsJson.Default.ApiTokenCreated, Cancel);
        Assert.Equal([Permission.Read, Permission.Operate], (await WhoAsync(made!.Text)).Permissions);
        // What the owner loses, the token loses.
        await ChangeAsync(new AccountChange { Grant = [new RoleGrant(Role.Viewer)], Revoke = [new RoleGrant(Role.Operator)] });
        Assert.Equal([Permission.Read], (await WhoAsync(made.Text)).Permissions);
        await ChangeAsync(new AccountChange { Disabled = true });
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(made.Text));
    }

    [Fact]
    public async Task A_token_of_one_site_sees_and_changes_that_site_alone()
    {
        await using var ulm = await _fleet.ConnectDeviceAsync("press-1");
        await ulm.SayOnlineAsync();
        await FleetHost.UntilAsync(async () => (await _fleet.Http.GetAsync("devices/press-1", Cancel)).IsSuccessStatusCode, "the device is known");
        var site = (await _fleet.Http.GetFromJsonAsync("devices/press-1", ContractsJson.Default.DeviceView, Cancel))!.Site.Value;
        var (_, mine) = await MakeAsync(new ApiTokenRequest("own", [Permission.Read, Permission.Operate], [site]));
        var (_, foreign) = await MakeAsync(new ApiTokenRequest("other", [Permission.Read, Permission.Operate], ["elsewhere"]));
        Assert.Single((await GetAsync(mine, "devices", ContractsJson.Default.DeviceViewArray))!);
        Assert.Empty((await GetAsync(foreign, "devices", ContractsJson.Default.DeviceViewArray))!);
        Assert.Equal((1, 0), ((await GetAsync(mine, "fleet", ContractsJson.Default.FleetOverview))!.Devices, (await GetAsync(foreign, "fleet", ContractsJson.Default.FleetOverview))!.Devices));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (await AskAsync(mine, "devices/press-1"), await AskAsync(foreign, "devices/press-1")));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (await LabelAsync(mine), await LabelAsync(foreign)));

        async Task<HttpStatusCode> LabelAsync(string token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, "devices/press-1/labels") { Content = JsonContent.Create(new LabelsChange(new Dictionary<string, string?> { ["line"] = "4" }), ContractsJson.Default.LabelsChange) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            return (await _fleet.Http.SendAsync(request, Cancel)).StatusCode;
        }
    }

    [Fact]
    public async Task What_is_done_stands_in_the_account_s_name_whatever_the_request_claims()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        var made = await (await browser.SendAsync(HttpMethod.Post, "api/v1/tokens", Body(new ApiTokenRequest("mine", [Permission.Operate])), form: browser.FormToken)).Content.ReadFromJsonAsync(ContractsJson.Default.ApiTokenCreated, Cancel);
        foreach (var token in new[] { made!.Text, _fleet.LocalToken })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "rollouts/stop-all") { Content = JsonContent.Create(new RolloutAction("somebody else", "fire"), ContractsJson.Default.RolloutAction) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            request.Headers.Add(ApiRoutes.ByHeader, "somebody else");
            var stop = await (await _fleet.Http.SendAsync(request, Cancel)).Content.ReadFromJsonAsync(ContractsJson.Default.EmergencyStop, Cancel);
            // The machine's own programs may act for others; an account is itself.
            Assert.Equal(token == _fleet.LocalToken ? "somebody else" : "early", stop!.By);
            await _fleet.Http.PostAsJsonAsync("rollouts/lift-stop", new RolloutAction("test", "again"), ContractsJson.Default.RolloutAction, Cancel);
        }
    }

    [Fact]
    public async Task The_MLflow_client_s_two_ways_to_send_a_token_open_and_a_wrong_one_is_told_in_its_words()
    {
        var (_, text) = await MakeAsync(new ApiTokenRequest("mlflow", [Permission.Read]));
        var search = new Uri(_fleet.Http.BaseAddress!, "/api/2.0/mlflow/experiments/search?max_results=1");
        using var http = new HttpClient();
        foreach (var header in new[] { new AuthenticationHeaderValue("Bearer", text), new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"early:{text}"))) })
        {
            http.DefaultRequestHeaders.Authorization = header;
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(search, Cancel)).StatusCode);
        }
        using var create = await http.PostAsync(new Uri(_fleet.Http.BaseAddress!, "/api/2.0/mlflow/experiments/create"), new StringContent("""{"name": "x"}"""), Cancel);
        Assert.Contains("PERMISSION_DENIED", await create.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "nonsense");
        using var wrong = await http.GetAsync(search, Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Contains("UNAUTHENTICATED", await wrong.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static JsonContent Body(ApiTokenRequest request) => JsonContent.Create(request, ContractsJson.Default.ApiTokenRequest);

    private async Task<(ApiTokenView View, string Text)> MakeAsync(ApiTokenRequest request)
    {
        using var answer = await _fleet.Http.PostAsync(new Uri("tokens", UriKind.Relative), Body(request), Cancel);
        var made = await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ApiTokenCreated, Cancel);
        return (made!.Token, made.Text);
    }

    private Task<HttpResponseMessage> ChangeAsync(AccountChange change) => _fleet.Http.PutAsJsonAsync("accounts/early", change, ContractsJson.Default.AccountChange, Cancel);

    private async Task<HttpStatusCode> AskAsync(string token, string path = "models")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        return (await _fleet.Http.SendAsync(request, Cancel)).StatusCode;
    }

    private async Task<T?> GetAsync<T>(string token, string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var answer = await _fleet.Http.SendAsync(request, Cancel);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
        return await answer.Content.ReadFromJsonAsync(type, Cancel);
    }

    private async Task<WhoView> WhoAsync(string token) => (await GetAsync(token, "who", ContractsJson.Default.WhoView))!;
}
