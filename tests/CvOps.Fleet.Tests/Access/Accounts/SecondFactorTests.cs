using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tests.Access.Sessions;
using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Access.Accounts;

[Trait("tier", "integration")]
public sealed class SecondFactorTests : IAsyncLifetime
{
    private static readonly byte[] PngSignature = [0x89, 0x50, 0x4E, 0x47];

    private FleetHost _fleet = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _fleet = await FleetHost.StartAsync();

    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    [Fact]
    public async Task Who_sets_it_up_comes_in_by_password_and_code_from_then_on_and_each_code_opens_once()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        using var other = new Browser(_fleet);
        await other.SignInAsync("early");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(browser, "", new FactorProof("not the password"))).StatusCode);
        var setup = await ReadAsync<FactorSetup>(await PostAsync(browser, "", new FactorProof(Browser.Password)));
        Assert.Contains($"secret={setup.Secret}&", setup.Address, StringComparison.Ordinal);
        // It waits: nothing has changed, and the page draws it for this browser.
        var page = await browser.PageAsync("/settings");
        Assert.Contains(string.Join(' ', setup.Secret.Chunk(4).Select(four => new string(four))), page, StringComparison.Ordinal);
        using (var picture = await browser.GetAsync("/api/v1/who/factor/picture"))
        {
            Assert.Equal(("no-store", "image/png"), (picture.Headers.CacheControl!.ToString(), picture.Content.Headers.ContentType!.MediaType));
            Assert.Equal(PngSignature, (await picture.Content.ReadAsByteArrayAsync(Cancel))[..4]);
        }
        Assert.Equal("/", Where(await new Browser(_fleet).SignInAsync("early")));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(browser, "/confirm", new FactorCode("000000"))).StatusCode);

        var confirmed = await PostAsync(browser, "/confirm", new FactorCode(CodeOf(setup.Secret, 0)));
        Assert.Equal("no-store", confirmed.Headers.CacheControl!.ToString());
        var codes = (await ReadAsync<FactorCodes>(confirmed)).Codes;
        Assert.Equal(8, codes.Distinct().Count());
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync("/api/v1/who/factor/picture")).StatusCode);
        // This browser stays in; those that showed no code do not.
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/training")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await other.GetAsync("/training")).StatusCode);

        using var again = new Browser(_fleet);
        foreach (var code in new[] { "", "000000", CodeOf(setup.Secret, 0) }) Assert.Contains("refused=wrong", Where(await again.SignInAsync("early", code: code)), StringComparison.Ordinal);
        Assert.Equal("/", Where(await again.SignInAsync("early", code: CodeOf(setup.Secret, 1))));
        Assert.Contains("refused=wrong", Where(await again.SignInAsync("early", code: CodeOf(setup.Secret, 1))), StringComparison.Ordinal);
        Assert.Equal("/", Where(await again.SignInAsync("early", code: codes[0].ToUpperInvariant())));
        Assert.Contains("refused=wrong", Where(await again.SignInAsync("early", code: codes[0])), StringComparison.Ordinal);
        Assert.Contains("7 recovery codes are left", await browser.PageAsync("/settings"), StringComparison.Ordinal);
        var said = (await _fleet.Services.GetRequiredService<Audit>().ReadAsync(0, 1000, Cancel)).Entries;
        Assert.Contains(said, entry => entry is { By: "early", Action: "account.factor.set-up" });
        Assert.Contains(said, entry => entry is { Action: "account.recovery-code.used", Detail: "7 are left" });
        Assert.DoesNotContain(said, entry => entry.Detail.Contains(setup.Secret, StringComparison.Ordinal) || codes.Any(code => entry.Detail.Contains(code, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task It_goes_by_password_or_code_and_never_by_the_session_alone()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        var codes = await SetUpAsync(browser);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(browser, "/remove", new FactorProof())).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(browser, "/codes", new FactorProof("", ""))).StatusCode);
        Assert.Contains("already", await (await PostAsync(browser, "", new FactorProof(Browser.Password))).Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        var renewed = (await ReadAsync<FactorCodes>(await PostAsync(browser, "/codes", new FactorProof(Code: codes[0])))).Codes;
        Assert.Empty(renewed.Intersect(codes));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(browser, "/remove", new FactorProof(Code: codes[1]))).StatusCode);
        Assert.False((await ReadAsync<FactorView>(await PostAsync(browser, "/remove", new FactorProof(Code: renewed[0])))).Active);
        Assert.Equal("/", Where(await browser.SignInAsync("early")));

        await browser.GetAsync("/training");
        await SetUpAsync(browser);
        Assert.False((await ReadAsync<FactorView>(await PostAsync(browser, "/remove", new FactorProof(Browser.Password)))).Active);
    }

    [Fact]
    public async Task Guessing_at_it_locks_the_account_as_at_the_sign_in()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        await SetUpAsync(browser);
        for (var i = 0; i < LockoutRule.Free; i++) await PostAsync(browser, "/remove", new FactorProof(Code: $"00000{i}"));
        Assert.Contains("locked", await (await PostAsync(browser, "/remove", new FactorProof(Browser.Password))).Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        var row = await _fleet.Services.GetRequiredService<Database>().ReadAsync(connection => AccountTable.ByName(connection, "early")!, Cancel);
        Assert.True(row is { Totp: not null, LockedUntil: > 0 });
    }

    [Fact]
    public async Task A_program_s_token_never_sees_the_secret_and_the_machine_s_own_has_no_factor()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        await PostAsync(browser, "", new FactorProof(Browser.Password));
        var token = await ReadAsync<ApiTokenCreated>(await browser.SendAsync(HttpMethod.Post, "api/v1/tokens", JsonContent.Create(new ApiTokenRequest("line", [Permission.Read]), ContractsJson.Default.ApiTokenRequest), form: browser.FormToken));
        using var request = new HttpRequestMessage(HttpMethod.Get, "who/factor/picture") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token.Text) } };
        Assert.Equal(HttpStatusCode.NotFound, (await _fleet.Http.SendAsync(request, Cancel)).StatusCode);
        using var local = await _fleet.Http.PostAsJsonAsync("who/factor", new FactorProof(Browser.Password), ContractsJson.Default.FactorProof, Cancel);
        Assert.Contains("no person's", await local.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_line_sets_it_up_makes_codes_and_removes_it()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        var token = await ReadAsync<ApiTokenCreated>(await browser.SendAsync(HttpMethod.Post, "api/v1/tokens", JsonContent.Create(new ApiTokenRequest("shell", [Permission.Read]), ContractsJson.Default.ApiTokenRequest), form: browser.FormToken));
        await using (var setUp = Start(token.Text, "set-up"))
        {
            await setUp.Input.WriteLineAsync(Browser.Password);
            await setUp.Input.FlushAsync(Cancel);
            await setUp.WaitForOutputAsync("otpauth://", TimeSpan.FromSeconds(30), Cancel);
            var secret = setUp.Output.Split("secret: ")[1].Split('\n')[0].Trim();
            await setUp.Input.WriteLineAsync(CodeOf(secret, 0));
            setUp.Input.Close();
            Assert.Equal(0, await setUp.WaitForExitAsync(TimeSpan.FromSeconds(30), Cancel));
            Assert.Contains("shown this once", setUp.Output, StringComparison.Ordinal);
        }
        Assert.Contains("8 left", await SayAsync(token.Text, 0), StringComparison.Ordinal);
        Assert.Contains("wrong", await SayAsync(token.Text, 1, "remove", "000000"), StringComparison.Ordinal);
        Assert.Matches("[a-z2-9]{5}-[a-z2-9]{5}", await SayAsync(token.Text, 0, "codes", Browser.Password));
        Assert.Contains("password alone", await SayAsync(token.Text, 0, "remove", Browser.Password), StringComparison.Ordinal);
    }

    private TestProcess Start(string token, params string[] words) => TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops.dll"),
        ["account", "factor", .. words, "--fleet", _fleet.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)], new Dictionary<string, string?> { ["CVOPS_TOKEN"] = token });

    private async Task<string> SayAsync(string token, int exit, string? word = null, string? input = null)
    {
        await using var process = word is null ? Start(token) : Start(token, word);
        if (input is not null) await process.Input.WriteLineAsync(input);
        process.Input.Close();
        Assert.True(exit == await process.WaitForExitAsync(TimeSpan.FromSeconds(30), Cancel), process.Output);
        return process.Output;
    }

    private static async Task<IReadOnlyList<string>> SetUpAsync(Browser browser)
    {
        var setup = await ReadAsync<FactorSetup>(await PostAsync(browser, "", new FactorProof(Browser.Password)));
        return (await ReadAsync<FactorCodes>(await PostAsync(browser, "/confirm", new FactorCode(CodeOf(setup.Secret, 0))))).Codes;
    }

    /// <param name="ahead">Steps of half a minute from now; a code opens once, so the next one is a neighbour's.</param>
    private static string CodeOf(string secret, int ahead) => Totp.Code(Base32(secret), Totp.Step(DateTimeOffset.UtcNow) + ahead, 6);

    /// <summary>RFC 4648, bit by bit.</summary>
    private static byte[] Base32(string text)
    {
        var bits = string.Concat(text.Select(letter => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. bits.Chunk(8).Select(eight => Convert.ToByte(new string(eight), 2))];
    }

    private static Task<HttpResponseMessage> PostAsync<T>(Browser browser, string path, T body) => browser.SendAsync(HttpMethod.Post, $"api/v1/who/factor{path}",
        JsonContent.Create(body, (System.Text.Json.Serialization.Metadata.JsonTypeInfo<T>)ContractsJson.Default.GetTypeInfo(typeof(T))!), form: browser.FormToken);

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer)
    {
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
        return (await answer.Content.ReadFromJsonAsync((System.Text.Json.Serialization.Metadata.JsonTypeInfo<T>)ContractsJson.Default.GetTypeInfo(typeof(T))!, Cancel))!;
    }

    private static string Where(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }
}
