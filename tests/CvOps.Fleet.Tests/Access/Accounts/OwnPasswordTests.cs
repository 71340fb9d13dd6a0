using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Tests.Access.Sessions;

namespace CvOps.Fleet.Tests.Access.Accounts;

[Trait("tier", "integration")]
public sealed class OwnPasswordTests : IAsyncLifetime
{
    private const string Next = "another four words entirely";

    private FleetHost _fleet = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _fleet = await FleetHost.StartAsync();

    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    [Fact]
    public async Task A_new_password_counts_at_once_and_every_other_browser_is_signed_out()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        using var other = new Browser(_fleet);
        await other.SignInAsync("early");
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/training")).StatusCode);

        Assert.Equal((HttpStatusCode.OK, ""), await ChangeAsync(browser, new PasswordChange(Browser.Password, Next)));
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/training")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await other.GetAsync("/training")).StatusCode);
        using var again = new Browser(_fleet);
        Assert.Contains("refused=", (await again.SignInAsync("early")).Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Equal("/", (await again.SignInAsync("early", Next)).Headers.Location!.ToString());
        Assert.Contains(await _fleet.AuditAsync(), entry => entry is { Action: "account.password.changed", By: "early", Detail: "1 other sessions ended" });
    }

    [Fact]
    public async Task Whoever_does_not_know_the_present_password_changes_nothing_and_locks_the_account_by_trying()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        for (var attempt = 0; attempt < 5; attempt++)
            Assert.Contains("present password", (await ChangeAsync(browser, new PasswordChange($"wrong {attempt} of it all", Next))).Said, StringComparison.Ordinal);
        // Locked by now: the right one does not help either.
        Assert.Contains("locked", (await ChangeAsync(browser, new PasswordChange(Browser.Password, Next))).Said, StringComparison.Ordinal);
        Assert.DoesNotContain(await _fleet.AuditAsync(), entry => entry.Action == "account.password.changed");
    }

    [Theory]
    [InlineData("short", "at least")]
    [InlineData("aaaaaaaaaaaaaaaa", "repeats")]
    [InlineData("early birds sing well", "the account's name")]
    [InlineData(Browser.Password, "the present password")]
    public async Task A_password_that_is_none_is_refused_in_a_sentence(string next, string says)
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        var (status, said) = await ChangeAsync(browser, new PasswordChange(Browser.Password, next));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains(says, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_has_no_password_to_change()
    {
        using var answer = await _fleet.Http.PostAsJsonAsync("who/password", new PasswordChange(Browser.Password, Next), ContractsJson.Default.PasswordChange, Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
    }

    [Fact]
    public async Task An_administrator_signs_somebody_out_everywhere_and_the_log_says_so()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        using (var answer = await _fleet.Http.PutAsJsonAsync("accounts/early", new AccountChange { EndSessions = true }, ContractsJson.Default.AccountChange, Cancel)) answer.EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/training")).StatusCode);
        Assert.Equal("/", (await browser.SignInAsync("early")).Headers.Location!.ToString());
        Assert.Contains(await _fleet.AuditAsync(), entry => entry is { Action: "account.sessions.ended", Subject: "early", Detail: "1 sessions" });
    }

    private static async Task<(HttpStatusCode Status, string Said)> ChangeAsync(Browser browser, PasswordChange asked)
    {
        using var answer = await browser.SendAsync(HttpMethod.Post, "api/v1/who/password", JsonContent.Create(asked, ContractsJson.Default.PasswordChange), form: browser.FormToken);
        return (answer.StatusCode, answer.IsSuccessStatusCode ? "" : await answer.Content.ReadAsStringAsync(Cancel));
    }
}
