using System.IO.Compression;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tests.Access.Sessions;
using CvOps.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Access;

/// <summary><c>cvops</c> as people run it: the real program, a home of its own, secrets by standard input.</summary>
[Trait("tier", "integration")]
public sealed class AccessCommandTests : IAsyncLifetime
{
    private readonly TestFolder _home = new();
    private FleetHost _fleet = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _fleet = await FleetHost.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _fleet.DisposeAsync();
        _home.Dispose();
    }

    [Fact, System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task A_login_is_kept_for_its_owner_s_eyes_until_the_logout_which_takes_it_back()
    {
        (await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator, "ulm"))).Dispose();
        Assert.Contains("Sign in, or send a token", await SayAsync(1, ["whoami"]), StringComparison.Ordinal);
        Assert.Contains("is wrong", await SayAsync(1, ["login", "--name", "early"], "not the password", ""), StringComparison.Ordinal);
        Assert.Empty(Kept());
        Assert.Contains("You are early", await SayAsync(0, ["login", "--name", "early"], Browser.Password, ""), StringComparison.Ordinal);
        var kept = Assert.Single(Kept());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(kept));
        var token = (await File.ReadAllTextAsync(kept, Cancel)).Trim();
        Assert.DoesNotContain(token, await SayAsync(0, ["login", "--name", "early"], Browser.Password, ""), StringComparison.Ordinal);
        var who = JsonSerializer.Deserialize(await SayAsync(0, ["whoami", "--json"]), ContractsJson.Default.WhoView)!;
        Assert.Equal(("early", "token", "ulm"), (who.Name, who.Kind, Assert.Single(who.Sites!)));
        Assert.Contains("needs the right to administer", await SayAsync(1, ["account", "list"]), StringComparison.Ordinal);

        token = (await File.ReadAllTextAsync(kept, Cancel)).Trim();
        Assert.Contains("is forgotten", await SayAsync(0, ["logout"]), StringComparison.Ordinal);
        Assert.Empty(Kept());
        Assert.Contains("was revoked", await SayAsync(1, ["whoami", "--token", token]), StringComparison.Ordinal);
        Assert.Contains("There was no token", await SayAsync(0, ["logout"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accounts_are_made_changed_reset_and_disabled_and_mistakes_say_what_to_write()
    {
        var made = await AdminAsync(0, "account", "add", "night", "operator@ulm", "viewer");
        var link = new Uri(made.Trim().Split('\n')[^1].Trim());
        using var browser = new Browser(_fleet);
        using var opened = await browser.PostAsync("welcome/password", ("secret", link.Fragment[1..]), ("password", Browser.Password));
        Assert.True(opened.IsSuccessStatusCode);
        Assert.Contains("already", await AdminAsync(1, "account", "add", "night", "viewer"), StringComparison.Ordinal);
        Assert.Contains("'boss' is no role: viewer, labeller", await AdminAsync(78, "account", "add", "late", "boss"), StringComparison.Ordinal);
        Assert.Contains("A name has 1 to 64", await AdminAsync(1, "account", "add", "two words", "viewer"), StringComparison.Ordinal);
        await AdminAsync(0, "account", "grant", "night", "approver");
        await AdminAsync(0, "account", "revoke", "night", "viewer");
        var account = Assert.Single(JsonSerializer.Deserialize(await AdminAsync(0, "account", "list", "--json"), ContractsJson.Default.AccountViewArray)!);
        Assert.Equal(new HashSet<RoleGrant> { new(Role.Operator, "ulm"), new(Role.Approver) }, account.Roles.ToHashSet());
        await AdminAsync(0, "account", "disable", "night");
        Assert.Contains("refused=wrong", (await browser.SignInAsync("night")).Headers.Location!.ToString(), StringComparison.Ordinal);
        await AdminAsync(0, "account", "enable", "night");
        Assert.Equal("/", (await browser.SignInAsync("night")).Headers.Location!.ToString());
        Assert.Contains("/welcome#", await AdminAsync(0, "account", "reset", "night"), StringComparison.Ordinal);
        Assert.Contains("refused=wrong", (await browser.SignInAsync("night")).Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Contains("no account 'nobody'", await AdminAsync(1, "account", "grant", "nobody", "viewer"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_are_made_listed_and_taken_back()
    {
        var made = JsonSerializer.Deserialize(await AdminAsync(0, "token", "add", "line four", "--scope", "read", "--scope", "operate", "--site", "ulm", "--valid-days", "7", "--json"), ContractsJson.Default.ApiTokenCreated)!;
        Assert.Equal([Permission.Read, Permission.Operate], made.Token.Scopes);
        Assert.Equal(["ulm"], made.Token.Sites);
        Assert.InRange(made.Token.ExpiresAt - DateTimeOffset.UtcNow, TimeSpan.FromDays(6.9), TimeSpan.FromDays(7));
        Assert.Contains("ulm", await SayAsync(0, ["whoami", "--token", made.Text]), StringComparison.Ordinal);
        Assert.Contains("line four", await AdminAsync(0, "token", "list"), StringComparison.Ordinal);
        Assert.Contains("opens nothing any more", await AdminAsync(0, "token", "revoke", made.Token.Id), StringComparison.Ordinal);
        Assert.Contains("was revoked", await SayAsync(1, ["whoami", "--token", made.Text]), StringComparison.Ordinal);
        Assert.Contains("no token of yours", await AdminAsync(1, "token", "revoke", "cvops_0000000000"), StringComparison.Ordinal);
        Assert.Contains("'everything' is no scope", await AdminAsync(78, "token", "add", "x", "--scope", "everything"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_is_read_exported_and_verified_and_a_break_says_what_to_do()
    {
        for (var i = 0; i < 3; i++) await AdminAsync(0, "account", "add", $"person-{i}", "viewer");
        Assert.Contains("person-1", await AdminAsync(0, "audit", "--action", "account.*", "--subject", "person-1"), StringComparison.Ordinal);
        var entries = JsonSerializer.Deserialize(await AdminAsync(0, "audit", "--json", "--action", "account.created"), ContractsJson.Default.AuditPage)!.Entries;
        Assert.Equal(3, entries.Count);
        await AdminAsync(0, "audit", "verify");
        await AdminAsync(0, "audit", "export", "--out", _home["log.jsonl"]);
        var exported = (await File.ReadAllLinesAsync(_home["log.jsonl"], Cancel)).Select(line => JsonSerializer.Deserialize(line, ContractsJson.Default.AuditEntry)!).ToArray();
        Assert.True(CvOps.Fleet.Access.Trail.AuditCheck.Of(exported).Whole);
        Assert.Contains(exported, entry => entry.Subject == "person-2");

        await _fleet.Services.GetRequiredService<Database>().WriteAsync(connection => connection.Execute("DROP TRIGGER audit_stays; UPDATE audit SET detail = 'admin' WHERE subject = 'person-1'"), Cancel);
        var broken = await AdminAsync(1, "audit", "verify");
        Assert.Contains($"breaks at entry {exported.Single(entry => entry.Subject == "person-1").Cursor}", broken, StringComparison.Ordinal);
        Assert.Contains("compare it line by line", broken, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pack_about_nothing_is_refused_and_leaves_no_file()
    {
        Assert.Contains("Say what it is about", await AdminAsync(78, "audit", "pack"), StringComparison.Ordinal);
        Assert.Contains("no rollout 'rollout-9'", await AdminAsync(1, "audit", "pack", "--rollout", "rollout-9", "--out", _home["pack.zip"]), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_home.Path, "pack*"));
        var model = await Rollouts.RolloutLine.RegisterAsync(_fleet, "1");
        await AdminAsync(0, "audit", "pack", "--model", model.Digest, "--out", _home["pack.zip"]);
        using var zip = ZipFile.OpenRead(_home["pack.zip"]);
        Assert.Contains("manifest.json", zip.Entries.Select(entry => entry.FullName));
    }

    private string[] Kept() => Directory.Exists(_home["cvops"]) ? Directory.GetFiles(_home["cvops"], "*", SearchOption.AllDirectories) : [];

    private Task<string> AdminAsync(int exit, params string[] words) => SayAsync(exit, [.. words, "--token", _fleet.LocalToken]);

    private async Task<string> SayAsync(int exit, string[] words, params string[] input)
    {
        await using var process = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops.dll"), [.. words, "--fleet", _fleet.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)],
            new Dictionary<string, string?> { ["XDG_CONFIG_HOME"] = _home.Path, ["CVOPS_TOKEN"] = null });
        foreach (var line in input) await process.Input.WriteLineAsync(line);
        process.Input.Close();
        Assert.True(exit == await process.WaitForExitAsync(TimeSpan.FromSeconds(60), Cancel), $"{process.ExitCode}, not {exit}: {process.Output}");
        return process.Output;
    }
}
