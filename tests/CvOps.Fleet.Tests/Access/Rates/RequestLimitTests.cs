using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Tests.Access.Sessions;

namespace CvOps.Fleet.Tests.Access.Rates;

[Trait("tier", "integration")]
public sealed class RequestLimitTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_asks_too_fast_is_told_when_to_come_again_and_holds_up_nobody_else()
    {
        await using var fleet = await FleetHost.StartAsync(options => options.RequestsPerSecond = 1);
        var (wild, calm) = (await TokenAsync(fleet, "wild"), await TokenAsync(fleet, "calm"));
        HttpResponseMessage? refused = null;
        // Twenty at once are let through; to come in took some of them.
        for (var i = 0; i < 500 && refused is null; i++)
        {
            var answer = await AskAsync(fleet, wild, "who");
            if (answer.StatusCode == HttpStatusCode.OK) continue;
            Assert.True(i >= 15, $"refused after {i}");
            refused = answer;
        }
        Assert.Equal(HttpStatusCode.TooManyRequests, refused?.StatusCode);
        Assert.InRange(refused!.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        using var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync(Cancel));
        Assert.Contains("wild asks faster", problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(fleet, calm, "who")).StatusCode);
        for (var i = 0; i < 100; i++) Assert.Equal(HttpStatusCode.OK, (await AskAsync(fleet, fleet.LocalToken, "who")).StatusCode);
        // A device that downloads with its link is told whether the link is good, however often.
        for (var i = 0; i < 100; i++) Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(fleet, null, "models/x/package?token=y")).StatusCode);
        await FleetHost.UntilAsync(async () => (await AskAsync(fleet, wild, "who")).IsSuccessStatusCode, "the bucket fills again");
    }

    [Fact]
    public async Task Attempts_to_come_in_are_few_by_address_and_another_address_is_not_held_up()
    {
        await using var fleet = await FleetHost.StartAsync(options => options.SignInsPerMinute = 6);
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 9; i++) statuses.Add((await LoginAsync(fleet, $"guess-{i}", "192.0.2.1")).StatusCode);
        Assert.Equal(Enumerable.Repeat(HttpStatusCode.Unauthorized, 6), statuses.Take(6));
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses.Skip(6));
        using var later = await LoginAsync(fleet, "guess", "192.0.2.1");
        Assert.Equal(HttpStatusCode.TooManyRequests, later.StatusCode);
        Assert.InRange(later.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.Unauthorized, (await LoginAsync(fleet, "guess", "192.0.2.2")).StatusCode);
        // Links count with it, and the page's own form leads back to the page.
        using var link = await PostAsync(fleet, "/welcome/look", "192.0.2.1");
        Assert.Equal(HttpStatusCode.TooManyRequests, link.StatusCode);
        using var form = await PostAsync(fleet, "/sign-in/password", "192.0.2.1");
        Assert.Equal("/sign-in?refused=later", form.Headers.Location?.ToString());
    }

    [Fact]
    public async Task Who_shows_nothing_is_bounded_by_address()
    {
        await using var fleet = await FleetHost.StartAsync(options => options.StrangerRequestsPerSecond = 1);
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 40; i++) statuses.Add((await AskAsync(fleet, null, "devices")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, statuses[0]);
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        // A token that opens nothing is nobody's.
        Assert.Equal(HttpStatusCode.TooManyRequests, (await AskAsync(fleet, "cvops_0123456789_no", "devices")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(fleet, fleet.LocalToken, "devices")).StatusCode);
    }

    [Theory]
    [InlineData("fleet.example", "https", true)]
    [InlineData("fleet.example", "http", false)]
    [InlineData("127.0.0.1", "https", false)]
    [InlineData("localhost", "https", false)]
    public async Task Browsers_are_told_to_come_by_https_alone_where_the_fleet_is_served_by_it(string host, string proto, bool told)
    {
        await using var fleet = await FleetHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(fleet.Http.BaseAddress!, "/sign-in"));
        request.Headers.Host = host;
        request.Headers.Add("X-Forwarded-Proto", proto);
        using var answer = await fleet.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(told ? ["max-age=31536000"] : [], answer.Headers.TryGetValues("Strict-Transport-Security", out var said) ? said : []);
    }

    private static async Task<string> TokenAsync(FleetHost fleet, string name)
    {
        using var browser = await Browser.NewAsync(fleet, name, new RoleGrant(Role.Viewer));
        using var answer = await browser.SendAsync(HttpMethod.Post, "api/v1/tokens", JsonContent.Create(new ApiTokenRequest("x", [Permission.Read]), ContractsJson.Default.ApiTokenRequest), form: browser.FormToken);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ApiTokenCreated, Cancel))!.Text;
    }

    private static async Task<HttpResponseMessage> AskAsync(FleetHost fleet, string? token, string path)
    {
        using var http = new HttpClient { BaseAddress = fleet.Http.BaseAddress };
        if (token is not null) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await http.GetAsync(new Uri(path, UriKind.Relative), Cancel);
    }

    private static async Task<HttpResponseMessage> LoginAsync(FleetHost fleet, string name, string from)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "login") { Content = JsonContent.Create(new LoginRequest(name, "no such password", null, "test"), ContractsJson.Default.LoginRequest) };
        request.Headers.Add("X-Forwarded-For", from);
        return await fleet.Http.SendAsync(request, Cancel);
    }

    private static async Task<HttpResponseMessage> PostAsync(FleetHost fleet, string path, string from)
    {
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(fleet.Http.BaseAddress!, path)) { Content = new FormUrlEncodedContent([]) };
        request.Headers.Add("X-Forwarded-For", from);
        return await http.SendAsync(request, Cancel);
    }
}
