using System.Net.Http.Headers;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Tests.Access.Sessions;

[Trait("tier", "integration")]
public sealed class OpenStreamTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    private FleetHost _fleet = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _fleet = await FleetHost.StartAsync();

    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    [Theory]
    [InlineData("api/v1/events")]
    [InlineData("api/v1/events/pages")]
    public async Task A_stream_ends_with_the_session_that_opened_it_and_leaves_others_open(string path)
    {
        using var early = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Viewer));
        using var late = await Browser.NewAsync(_fleet, "late", new RoleGrant(Role.Viewer));
        await using var goes = await OpenAsync(early, path);
        await using var stays = await OpenAsync(late, path);
        await early.PostAsync("sign-out", ("form-token", early.FormToken));
        await EndsAsync(goes);
        Assert.False(stays.End.IsCompleted);
        await _fleet.Http.PutAsJsonAsync("accounts/late", new AccountChange { Disabled = true }, ContractsJson.Default.AccountChange, Cancel);
        await EndsAsync(stays);
    }

    [Fact]
    public async Task A_stream_ends_with_the_token_that_opened_it()
    {
        using var answer = await _fleet.Http.PostAsJsonAsync("tokens", new ApiTokenRequest("line", [Permission.Read]), ContractsJson.Default.ApiTokenRequest, Cancel);
        var made = (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ApiTokenCreated, Cancel))!;
        using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", made.Text) } };
        await using var stream = await OpenAsync(http, new Uri(_fleet.Http.BaseAddress!, "events"));
        using var revoked = await _fleet.Http.PostAsync(new Uri($"tokens/{made.Token.Id}/revoke", UriKind.Relative), null, Cancel);
        await EndsAsync(stream);
    }

    private static Task EndsAsync(Reading stream) => stream.End.WaitAsync(Deadline, Cancel);

    private static async Task<Reading> OpenAsync(Browser browser, string path)
    {
        var http = new HttpClient(new HttpClientHandler { CookieContainer = browser.Cookies });
        return await OpenAsync(http, new Uri(browser.Home, path));
    }

    private static async Task<Reading> OpenAsync(HttpClient http, Uri address)
    {
        var answer = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
        var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal(": connected", await reader.ReadLineAsync(Cancel));
        return new Reading(answer, reader);
    }

    /// <summary>Reads until nothing more comes.</summary>
    private sealed class Reading : IAsyncDisposable
    {
        private readonly HttpResponseMessage _answer;
        private readonly StreamReader _reader;

        public Reading(HttpResponseMessage answer, StreamReader reader)
        {
            (_answer, _reader) = (answer, reader);
            End = ReadAsync();
        }

        public Task End { get; }

        public ValueTask DisposeAsync()
        {
            _reader.Dispose();
            _answer.Dispose();
            return ValueTask.CompletedTask;
        }

        private async Task ReadAsync()
        {
            while (await _reader.ReadLineAsync(Cancel) is not null) { }
        }
    }
}
