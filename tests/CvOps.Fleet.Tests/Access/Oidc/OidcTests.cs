using System.Net;
using System.Net.Http.Json;
using System.Text;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Access.Oidc;
using CvOps.Fleet.Tests.Access.Sessions;
using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace CvOps.Fleet.Tests.Access.Oidc;

[Trait("tier", "integration")]
public sealed class OidcTests : IAsyncLifetime
{
    private const string Name = "early@plant.example";

    private IdentityProvider _provider = null!;
    private FleetHost _fleet = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _provider = await IdentityProvider.StartAsync();
        _fleet = await FleetHost.StartAsync(options => options.Oidc = _provider.Options);
    }

    public async ValueTask DisposeAsync()
    {
        await _fleet.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task Whom_the_provider_knows_comes_in_with_the_roles_of_the_groups_and_back_to_the_page()
    {
        using var browser = new Browser(_fleet);
        Assert.Contains("Sign in with the plant", await browser.PageAsync("/sign-in?return=/training"), StringComparison.Ordinal);
        Assert.Equal("/training", await SignInAsync(browser, "/training"));
        var who = await (await browser.GetAsync("/api/v1/who")).Content.ReadFromJsonAsync(ContractsJson.Default.WhoView, Cancel);
        Assert.Equal((Name, "account"), (who!.Name, who.Kind));
        Assert.Equal(["ulm"], who.Sites);
        Assert.Contains(Permission.Operate, who.Permissions);
        var account = Assert.Single(await AccountsAsync());
        Assert.Equal((_provider.Address, false), (account.Provider, account.SecondFactor));
        Assert.Contains(await AuditAsync(), entry => entry is { By: Name, Action: "signed.in" } && entry.Detail.Contains(_provider.Address, StringComparison.Ordinal));
        // There is no password here, and none can be made.
        using var stranger = new Browser(_fleet);
        Assert.Contains("refused=wrong", (await stranger.SignInAsync(Name)).Headers.Location!.ToString(), StringComparison.Ordinal);
        using var reset = await _fleet.Http.PostAsync(new Uri($"accounts/{Name}/reset", UriKind.Relative), null, Cancel);
        Assert.Contains("signs in at", await reset.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using var grant = await _fleet.Http.PutAsJsonAsync($"accounts/{Name}", new AccountChange { Grant = [new RoleGrant(Role.Admin)] }, ContractsJson.Default.AccountChange, Cancel);
        Assert.Contains("of its groups", await grant.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_groups_are_other_roles_at_the_next_sign_in_and_none_is_no_way_in()
    {
        using var browser = new Browser(_fleet);
        await SignInAsync(browser);
        _provider.Claims["groups"] = new[] { "line-5", "office" };
        _provider.Claims["preferred_username"] = "renamed";
        using var again = new Browser(_fleet);
        await SignInAsync(again);
        // By its subject it is the same person, whatever it is called now; what the old groups gave is over.
        var account = Assert.Single(await AccountsAsync());
        Assert.Equal(new HashSet<RoleGrant> { new(Role.Viewer), new(Role.Approver, "berlin"), new(Role.Admin) }, account.Roles.ToHashSet());
        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/training")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await again.GetAsync("/training")).StatusCode);

        _provider.Claims["groups"] = new[] { "everybody" };
        using var last = new Browser(_fleet);
        Assert.Equal("/sign-in?refused=group", await SignInAsync(last));
        Assert.Contains("in no group", await last.PageAsync("/sign-in?refused=group"), StringComparison.Ordinal);
        Assert.Empty(Assert.Single(await AccountsAsync()).Roles);
        Assert.Equal(HttpStatusCode.Redirect, (await again.GetAsync("/training")).StatusCode);
    }

    [Theory]
    [InlineData("nonce", "nonce")]
    [InlineData("audience", "InvalidAudience")]
    [InlineData("second audience", "azp")]
    [InlineData("issuer", "InvalidIssuer")]
    [InlineData("expired", "Lifetime")]
    [InlineData("not yet", "Lifetime")]
    [InlineData("unknown key", "SignatureKeyNotFound")]
    [InlineData("another key of the same name", "Signature")]
    [InlineData("unsigned", "Signature")]
    [InlineData("signed with the client's secret", "Signature")]
    [InlineData("no name", "preferred_username")]
    [InlineData("a name of the fleet's own", "cannot be an account's name")]
    public async Task A_token_that_is_not_for_this_sign_in_lets_nobody_in(string fault, string logged)
    {
        switch (fault)
        {
            case "nonce": _provider.Nonce = "of another sign-in"; break;
            case "audience": _provider.Audience = "another client"; break;
            case "second audience": _provider.Claims["aud"] = new[] { IdentityProvider.Client, "another client" }; _provider.Claims["azp"] = "another client"; _provider.Audience = null!; break;
            case "issuer": _provider.Issuer = "https://elsewhere.example"; break;
            case "expired": (_provider.From, _provider.Expires) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddMinutes(-2)); break;
            case "not yet": _provider.From = DateTimeOffset.UtcNow.AddMinutes(3); break;
            case "unknown key": _provider.Signature = new SigningCredentials(IdentityProvider.NewKey("second"), SecurityAlgorithms.RsaSha256); break;
            case "another key of the same name": _provider.Signature = new SigningCredentials(IdentityProvider.NewKey("first"), SecurityAlgorithms.RsaSha256); break;
            case "unsigned": _provider.Unsigned = true; break;
            case "signed with the client's secret": _provider.Signature = new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(IdentityProvider.Secret)) { KeyId = "first" }, SecurityAlgorithms.HmacSha256); break;
            case "no name": _provider.Claims.Remove("preferred_username"); break;
            default: _provider.Claims["preferred_username"] = "fleet"; break;
        }
        using var browser = new Browser(_fleet);
        Assert.Equal("/sign-in?refused=provider", await SignInAsync(browser));
        Assert.Null(browser.Session);
        Assert.Empty(await AccountsAsync());
        Assert.Contains(logged, Assert.Single(await AuditAsync(), entry => entry is { Action: "sign-in.refused", Subject: "provider" }).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_ends_the_sign_in_of_the_browser_that_began_it_once()
    {
        using var browser = new Browser(_fleet);
        var back = await WayBackAsync(browser);
        using var other = new Browser(_fleet);
        Assert.Equal("/sign-in?refused=provider", await WhereAsync(other, back));
        var planted = browser.Cookies.GetCookies(browser.Home)["cvops-oidc"]!.Value;
        Assert.Equal("/", await WhereAsync(browser, back));
        Assert.Null(browser.Cookies.GetCookies(browser.Home)["cvops-oidc"]);
        // Whoever kept the cookie and the address, code and state in it, gets nothing for them.
        using var thief = new Browser(_fleet);
        thief.Cookies.Add(thief.Home, new Cookie("cvops-oidc", planted));
        Assert.Equal("/sign-in?refused=provider", await WhereAsync(thief, back));
        Assert.Null(thief.Session);
        Assert.Contains(await AuditAsync(), entry => entry.Detail.Contains("used already (state)", StringComparison.Ordinal));
        // Nor does an answer with another state, of another provider, or of a person who said no.
        foreach (var (from, to) in new[] { ("state=", "state=x"), ("&iss=http", "&iss=https"), ("?code=", "?error=access_denied&no=") })
        {
            using var next = new Browser(_fleet);
            Assert.Equal("/sign-in?refused=provider", await WhereAsync(next, (await WayBackAsync(next)).Replace(from, to, StringComparison.Ordinal)));
            Assert.Null(next.Session);
        }
    }

    [Fact]
    public async Task A_provider_is_asked_again_once_a_day_and_for_a_new_key_but_not_as_often_as_somebody_likes()
    {
        var time = new ManualTime();
        using var http = new HttpClient();
        using var discovery = new OidcDiscovery(Microsoft.Extensions.Options.Options.Create(_fleet.Options), http, time);
        async Task<string> KeyAsync(bool anew) => Assert.Single((await discovery.ReadAsync(anew, Cancel)).SigningKeys).KeyId;

        Assert.Equal("first", await KeyAsync(anew: false));
        _provider.Key = IdentityProvider.NewKey("second");
        // Whoever sends tokens of unknown keys does not make the fleet ask each time.
        Assert.Equal("first", await KeyAsync(anew: true));
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(("first", "second"), (await KeyAsync(anew: false), await KeyAsync(anew: true)));
        _provider.Key = IdentityProvider.NewKey("third");
        time.Advance(TimeSpan.FromHours(25));
        Assert.Equal("third", await KeyAsync(anew: false));
    }

    [Fact]
    public async Task A_name_that_an_account_of_the_fleet_has_is_not_taken_over()
    {
        (await Browser.NewAsync(_fleet, Name, new RoleGrant(Role.Admin))).Dispose();
        using var browser = new Browser(_fleet);
        Assert.Equal("/sign-in?refused=provider", await SignInAsync(browser));
        Assert.Null(Assert.Single(await AccountsAsync()).Provider);
    }

    [Fact]
    public async Task A_disabled_account_does_not_come_in_by_the_provider_either()
    {
        using var browser = new Browser(_fleet);
        await SignInAsync(browser);
        using var disabled = await _fleet.Http.PutAsJsonAsync($"accounts/{Name}", new AccountChange { Disabled = true }, ContractsJson.Default.AccountChange, Cancel);
        Assert.True(disabled.IsSuccessStatusCode);
        Assert.Equal("/sign-in?refused=provider", await SignInAsync(browser));
    }

    [Fact]
    public async Task A_provider_that_calls_itself_otherwise_or_is_away_is_refused_in_a_sentence()
    {
        _provider.Says = "https://elsewhere.example";
        using var browser = new Browser(_fleet);
        Assert.Equal("/sign-in?refused=provider", await WhereAsync(browser, "/sign-in/provider"));
        Assert.Contains("That sign-in did not work", await browser.PageAsync("/sign-in?refused=provider"), StringComparison.Ordinal);
        Assert.Contains(await AuditAsync(), entry => entry.Detail.Contains("Fleet:Oidc:Authority", StringComparison.Ordinal));
        await _provider.DisposeAsync();
        Assert.Equal("/sign-in?refused=provider", await WhereAsync(browser, "/sign-in/provider"));
    }

    /// <returns>Where the browser is sent in the end.</returns>
    private static async Task<string> SignInAsync(Browser browser, string back = "/") => await WhereAsync(browser, await WayBackAsync(browser, back));

    /// <summary>To the provider, which knows the person.</summary>
    private static async Task<string> WayBackAsync(Browser browser, string back = "/")
    {
        var there = await WhereAsync(browser, $"/sign-in/provider?return={Uri.EscapeDataString(back)}");
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var answer = await http.GetAsync(new Uri(there), Cancel);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location!.PathAndQuery;
    }

    private static async Task<string> WhereAsync(Browser browser, string path)
    {
        using var answer = await browser.GetAsync(path);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location!.OriginalString;
    }

    private async Task<AccountView[]> AccountsAsync() => (await _fleet.Http.GetFromJsonAsync("accounts", ContractsJson.Default.AccountViewArray, Cancel))!;

    private async Task<IReadOnlyList<AuditEntry>> AuditAsync() => (await _fleet.Services.GetRequiredService<Audit>().ReadAsync(0, 1000, Cancel)).Entries;
}
