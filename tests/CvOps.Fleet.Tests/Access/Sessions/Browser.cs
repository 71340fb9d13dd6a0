using System.Net;
using System.Text.RegularExpressions;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Tests.Access.Sessions;

/// <summary>A browser as far as sessions go: it keeps cookies, follows no redirect by itself, and says where a request comes from.</summary>
internal sealed partial class Browser : IDisposable
{
    public const string Password = "four words nobody says";

    private readonly HttpClient _http;

    public Browser(FleetHost fleet)
    {
        Home = new Uri(fleet.Http.BaseAddress!, "/");
        _http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = Cookies }) { BaseAddress = Home };
    }

    public Uri Home { get; }

    public CookieContainer Cookies { get; } = new();

    public Cookie? Session => Cookies.GetCookies(Home)["cvops"];

    /// <summary>Of the newest page.</summary>
    public string FormToken { get; private set; } = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        var answer = await _http.SendAsync(request, Cancel);
        if (Meta().Match(await answer.Content.ReadAsStringAsync(Cancel)) is { Success: true } found) FormToken = found.Groups[1].Value;
        return answer;
    }

    public async Task<string> PageAsync(string path) => await (await GetAsync(path)).Content.ReadAsStringAsync(Cancel);

    public Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] fields) => SendAsync(HttpMethod.Post, path, new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))));

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, string? site = "same-origin", string? form = null, string? origin = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        if (form is not null) request.Headers.Add("X-CvOps-Form", form);
        if (origin is not null) request.Headers.Add("Origin", origin);
        return await _http.SendAsync(request, Cancel);
    }

    public Task<HttpResponseMessage> SignInAsync(string name, string password = Password, string back = "/", string code = "") =>
        PostAsync("sign-in/password", ("name", name), ("password", password), ("return", back), ("code", code));

    /// <summary>Makes an account and sets its password by its link.</summary>
    public static async Task<Browser> NewAsync(FleetHost fleet, string name, params RoleGrant[] roles)
    {
        var browser = new Browser(fleet);
        var answer = await browser.PostAsync("welcome/password", ("secret", await LinkAsync(fleet, name, roles)), ("password", Password));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
        await browser.GetAsync("/training");
        return browser;
    }

    /// <returns>The secret of a new account's link.</returns>
    public static async Task<string> LinkAsync(FleetHost fleet, string name, params RoleGrant[] roles)
    {
        using var answer = await System.Net.Http.Json.HttpClientJsonExtensions.PostAsJsonAsync(fleet.Http, "accounts", new AccountRequest(name, roles), Contracts.ContractsJson.Default.AccountRequest, Cancel);
        var made = await System.Net.Http.Json.HttpContentJsonExtensions.ReadFromJsonAsync(answer.Content, Contracts.ContractsJson.Default.AccountLink, Cancel);
        return made!.Link!.Split('#')[1];
    }

    public void Dispose() => _http.Dispose();

    [GeneratedRegex("<meta name=\"form-token\" content=\"([0-9a-f]+)\"")]
    private static partial Regex Meta();
}
