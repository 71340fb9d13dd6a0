using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Sessions;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Access.Sessions;

[Trait("tier", "integration")]
public sealed class SignInTests : IAsyncLifetime
{
    private static readonly RoleGrant Operator = new(Role.Operator);

    private FleetHost _fleet = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _fleet = await FleetHost.StartAsync();

    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    [Fact]
    public async Task Who_is_not_signed_in_is_sent_to_the_sign_in_page_and_back_to_where_the_link_led()
    {
        (await Browser.NewAsync(_fleet, "early", Operator)).Dispose();
        using var browser = new Browser(_fleet);
        var sent = await browser.GetAsync("/tracking?filter=metrics.a");
        Assert.Equal(HttpStatusCode.Redirect, sent.StatusCode);
        Assert.Equal("/sign-in?return=%2Ftracking%3Ffilter%3Dmetrics.a", sent.Headers.Location!.ToString());
        Assert.Contains("value=\"/tracking?filter=metrics.a\"", await browser.PageAsync(sent.Headers.Location.ToString()), StringComparison.Ordinal);
        var back = await browser.SignInAsync("Early ", back: "/tracking?filter=metrics.a");
        Assert.Equal("/tracking?filter=metrics.a", back.Headers.Location!.ToString());
        Assert.Contains(">early</span>", await browser.PageAsync("/training"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://elsewhere.example/")]
    [InlineData("//elsewhere.example")]
    [InlineData("/\\elsewhere.example")]
    [InlineData("/a\r\nSet-Cookie: x=y")]
    [InlineData("javascript:alert(1)")]
    [InlineData("")]
    public async Task A_link_sends_nobody_elsewhere(string asked)
    {
        (await Browser.NewAsync(_fleet, "early", Operator)).Dispose();
        using var browser = new Browser(_fleet);
        Assert.Equal("/", (await browser.SignInAsync("early", back: asked)).Headers.Location!.ToString());
        Assert.Equal("/", SignIn.Safe(asked));
    }

    [Fact]
    public async Task Signing_in_gives_a_new_session_whatever_the_browser_brought_and_the_one_before_is_over()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", Operator);
        var first = browser.Session!.Value;
        using var thief = new Browser(_fleet);
        thief.Cookies.Add(thief.Home, new Cookie("cvops", first));
        Assert.Equal(HttpStatusCode.OK, (await thief.GetAsync("/training")).StatusCode);
        await browser.SignInAsync("early");
        Assert.NotEqual(first, browser.Session!.Value);
        Assert.Equal(HttpStatusCode.Redirect, (await thief.GetAsync("/training")).StatusCode);
        // One that an attacker made up is never taken over.
        using var victim = new Browser(_fleet);
        victim.Cookies.Add(victim.Home, new Cookie("cvops", "planted"));
        await victim.SignInAsync("early");
        Assert.NotEqual("planted", victim.Session!.Value);
    }

    [Fact]
    public async Task The_cookie_is_for_this_host_its_own_pages_and_no_script()
    {
        (await Browser.NewAsync(_fleet, "early", Operator)).Dispose();
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });
        foreach (var (proto, name, secure) in new[] { ("http", "cvops=", false), ("https", "__Host-cvops=", true) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_fleet.Http.BaseAddress!, "/sign-in/password"));
            request.Content = new FormUrlEncodedContent([KeyValuePair.Create("name", "early"), KeyValuePair.Create("password", Browser.Password)]);
            request.Headers.Add("X-Forwarded-Proto", proto);
            using var answer = await http.SendAsync(request, Cancel);
            var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
            Assert.StartsWith(name, cookie, StringComparison.Ordinal);
            Assert.Contains("; path=/", cookie, StringComparison.Ordinal);
            Assert.Contains("; samesite=lax", cookie, StringComparison.Ordinal);
            Assert.Contains("; httponly", cookie, StringComparison.Ordinal);
            Assert.DoesNotContain("domain", cookie, StringComparison.Ordinal);
            Assert.Equal(secure, cookie.Contains("; secure", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_change_from_another_sites_page_or_without_the_pages_token_is_not_made()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", Operator);
        async Task<HttpStatusCode> Set(string? site, string? form, string? origin = null) =>
            (await browser.SendAsync(HttpMethod.Put, "api/v1/groups/night", JsonContent.Create(new GroupRequest([new DeviceId("d1")]), ContractsJson.Default.GroupRequest), site, form, origin)).StatusCode;

        var origin = browser.Home.GetLeftPart(UriPartial.Authority);
        foreach (var refused in new[] { await Set("cross-site", browser.FormToken), await Set("same-site", browser.FormToken), await Set("none", browser.FormToken), await Set(null, browser.FormToken, "https://elsewhere.example"), await Set("same-origin", null), await Set("same-origin", new string('0', 64)) })
            Assert.Equal(HttpStatusCode.Forbidden, refused);
        Assert.NotEqual(HttpStatusCode.Forbidden, await Set("same-origin", browser.FormToken));
        Assert.NotEqual(HttpStatusCode.Forbidden, await Set(null, browser.FormToken, origin));
        // Nobody is signed in by another site's form, either.
        using var stranger = new Browser(_fleet);
        await stranger.SendAsync(HttpMethod.Post, "sign-in/password", new FormUrlEncodedContent([KeyValuePair.Create("name", "early"), KeyValuePair.Create("password", Browser.Password)]), "cross-site");
        Assert.Null(stranger.Session);
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_every_session_and_a_change_of_rights_does_too()
    {
        using var here = await Browser.NewAsync(_fleet, "early", Operator);
        using var there = new Browser(_fleet);
        await there.SignInAsync("early");
        await here.PostAsync("sign-out", ("everywhere", "yes"), ("form-token", here.FormToken));
        Assert.Equal(HttpStatusCode.Redirect, (await there.GetAsync("/training")).StatusCode);
        await there.SignInAsync("early");
        Assert.Equal(HttpStatusCode.OK, (await there.GetAsync("/training")).StatusCode);
        await _fleet.Http.PutAsJsonAsync("accounts/early", new AccountChange { Grant = [new RoleGrant(Role.Approver)] }, ContractsJson.Default.AccountChange, Cancel);
        Assert.Equal(HttpStatusCode.Redirect, (await there.GetAsync("/training")).StatusCode);
    }

    [Fact]
    public async Task A_link_opens_once_and_only_within_its_hour()
    {
        var secret = await Browser.LinkAsync(_fleet, "early", Operator);
        using var browser = new Browser(_fleet);
        var weak = await browser.PostAsync("welcome/password", ("secret", secret), ("password", "short"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, weak.StatusCode);
        Assert.True((await browser.PostAsync("welcome/password", ("secret", secret), ("password", Browser.Password))).IsSuccessStatusCode);
        Assert.Contains("opens nothing", await (await browser.PostAsync("welcome/password", ("secret", secret), ("password", "another password it is"))).Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_administrator_comes_by_a_link_that_is_over_when_there_is_one()
    {
        var start = _fleet.Services.GetRequiredService<FirstStart>();
        var (path, _) = (await start.LinkAsync(Cancel))!.Value;
        using var browser = new Browser(_fleet);
        Assert.True((await browser.PostAsync("welcome/password", ("secret", path.Split('#')[1]), ("name", "Chief"), ("password", Browser.Password))).IsSuccessStatusCode);
        Assert.Null(await start.LinkAsync(Cancel));
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/api/v1/accounts")).StatusCode);
        // And the last one cannot lock everybody out.
        using var answer = await _fleet.Http.PutAsJsonAsync("accounts/chief", new AccountChange { Disabled = true }, ContractsJson.Default.AccountChange, Cancel);
        Assert.Contains("last administrator", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }
}
