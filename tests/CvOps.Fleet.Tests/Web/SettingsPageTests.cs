using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Tests.Access;
using CvOps.Fleet.Tests.Access.Sessions;
using CvOps.Fleet.Web;

namespace CvOps.Fleet.Tests.Web;

[Trait("tier", "integration")]
public sealed class SettingsPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_administrator_has_people_codes_and_tokens_under_hand_and_others_only_what_is_theirs()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        using var admin = await Browser.NewAsync(fleet, "first", new RoleGrant(Role.Admin));
        using var labeller = await Browser.NewAsync(fleet, "early", new RoleGrant(Role.Labeller));
        var people = await admin.PageAsync("/settings/people");
        Assert.Contains("settings/people/early", people, StringComparison.Ordinal);
        Assert.Contains("data-set=\"POST api/v1/accounts\"", people, StringComparison.Ordinal);
        Assert.Contains("api/v1/accounts/early/reset", await admin.PageAsync("/settings/people/early"), StringComparison.Ordinal);
        Assert.Contains("Nobody is called so here", await admin.PageAsync("/settings/people/nobody"), StringComparison.Ordinal);
        Assert.Contains("value=\"ActFor\"", await admin.PageAsync("/settings/tokens"), StringComparison.Ordinal);

        var own = await labeller.PageAsync("/settings");
        Assert.Contains("data-set=\"POST api/v1/who/password\"", own, StringComparison.Ordinal);
        Assert.DoesNotContain("settings/people", own, StringComparison.Ordinal);
        var tokens = await labeller.PageAsync("/settings/tokens");
        Assert.Contains("value=\"Label\"", tokens, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"Operate\"", tokens, StringComparison.Ordinal);
        foreach (var page in (string[])["/settings/people", "/settings/people/first", "/settings/enrolment"])
            Assert.Equal(HttpStatusCode.Forbidden, (await labeller.GetAsync(page)).StatusCode);
    }

    [Fact]
    public async Task Codes_and_who_was_turned_away_are_there_to_act_on_and_no_secret_is()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        Assert.Contains("No code lets anybody in", await PageAsync(fleet, "settings/enrolment"), StringComparison.Ordinal);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var code = await fleet.TokenAsync(new TokenRequest("operator", "line <4>") { Uses = 3 });
        Assert.Equal(HttpStatusCode.OK, (await fleet.EnrolAsync(code, "press-1", key)).Status);
        // The same name from another machine: a disk was changed, or somebody pretends.
        Assert.Equal(HttpStatusCode.Forbidden, (await fleet.EnrolAsync(code, "press-1", other)).Status);
        var page = await PageAsync(fleet, "settings/enrolment");
        Assert.Contains("line &lt;4&gt;", page, StringComparison.Ordinal);
        Assert.Contains("1 of 3", page, StringComparison.Ordinal);
        Assert.Contains($"api/v1/enrolment/tokens/{code.Id}/revoke", page, StringComparison.Ordinal);
        Assert.Contains("api/v1/devices/press-1/revoke", page, StringComparison.Ordinal);
        Assert.Contains("press-1 was turned away", page, StringComparison.Ordinal);
        Assert.Contains("api/v1/devices/press-1/release", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fleet_without_an_authority_says_so_where_devices_would_be_let_in()
    {
        await using var fleet = await FleetHost.StartAsync();
        Assert.Contains("enrols nobody", await PageAsync(fleet, "settings/enrolment"), StringComparison.Ordinal);
        Assert.Contains(">Valid<", await PageAsync(fleet, "settings/keys"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_folder_of_keys_that_cannot_be_read_is_said_and_no_key_is_shown_as_believed()
    {
        await using var fleet = await FleetHost.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(fleet.Options.TrustedKeys!, "trust.json"), "{ not json", Cancel);
        var page = await PageAsync(fleet, "settings/keys");
        Assert.Contains("is no trust document", page, StringComparison.Ordinal);
        Assert.DoesNotContain("badge good\">valid", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_audit_page_checks_the_chain_and_says_where_it_breaks()
    {
        await using var fleet = await FleetHost.StartAsync();
        using (var made = await fleet.Http.PostAsJsonAsync("accounts", new AccountRequest("early", []), ContractsJson.Default.AccountRequest, Cancel)) made.EnsureSuccessStatusCode();
        var page = await PageAsync(fleet, "audit?check=yes");
        Assert.Contains("The log is as it was written.", page, StringComparison.Ordinal);
        Assert.Contains("account.created", page, StringComparison.Ordinal);
        Assert.DoesNotContain("as it was written", await PageAsync(fleet, "audit"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("from 10.0.0.7: device press-1: There is a device 'press-1' already.", "press-1", true)]
    [InlineData("from 10.0.0.7: device press-2: Token t1 is used up.", "press-2", false)]
    [InlineData("from 10.0.0.7: for device press-1, without the token's secret.", null, false)]
    [InlineData("from 10.0.0.7: there is no such token.", null, false)]
    public void A_device_is_named_only_where_its_asker_held_the_code(string detail, string? device, bool known)
    {
        var refused = RefusedDevice.Of(new AuditEntry(1, DateTimeOffset.UnixEpoch, "enrolment", "device.enrolment.refused", "t1", detail), new HashSet<string> { "press-1" });
        Assert.Equal((device, known), (refused.Device, refused.Known));
    }

    private static Task<string> PageAsync(FleetHost fleet, string path) => fleet.Http.GetStringAsync(new Uri(new Uri(fleet.Http.BaseAddress!, "/"), path), Cancel);
}
