using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Cli.Commands;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Cli;

/// <summary>The fleet's HTTP API. Every failure becomes a <see cref="CliException"/> with the fleet's own advice.</summary>
/// <param name="token">What is shown to the fleet; null: nothing.</param>
internal sealed class FleetClient(Uri fleet, string? token) : IDisposable
{
    private static readonly ContractsJson Json = ContractsJson.Default;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private readonly HttpClient _http = Signed(token, new HttpClient { BaseAddress = new Uri(fleet, ApiRoutes.Root + "/"), Timeout = Timeout.InfiniteTimeSpan });

    public Uri Fleet { get; } = fleet;

    public Task<T> Get<T>(string path, CancellationToken ct) => Send<T>(new HttpRequestMessage(HttpMethod.Get, path), ct);

    public Task<TOut> Post<TIn, TOut>(string path, TIn body, CancellationToken ct) => Send<TOut>(With(HttpMethod.Post, path, body), ct);

    public Task<TOut> Put<TIn, TOut>(string path, TIn body, CancellationToken ct) => Send<TOut>(With(HttpMethod.Put, path, body), ct);

    /// <summary>Where nobody needs the answer.</summary>
    public async Task PutOnly<T>(string path, T body, CancellationToken ct)
    {
        using var answer = await Exchange(With(HttpMethod.Put, path, body), ct);
    }

    /// <summary>True when a fleet answers at the address.</summary>
    public async Task<bool> Answers(CancellationToken ct)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(Fleet, "healthz"), ct);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Says whether somebody answers, whoever it is, and what its clock says.</summary>
    /// <exception cref="CliException">Nobody does.</exception>
    public async Task<(int Status, DateTimeOffset? Said, DateTimeOffset Before, DateTimeOffset After)> Knock(CancellationToken ct)
    {
        var before = DateTimeOffset.UtcNow;
        try
        {
            using var answer = await _http.GetAsync(new Uri(Fleet, "healthz"), ct);
            return ((int)answer.StatusCode, answer.Headers.Date, before, DateTimeOffset.UtcNow);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
    }

    /// <inheritdoc cref="PushModel"/>
    public Task<ProgramView> PushProgram(string file, CancellationToken ct, Action<long>? tell = null) =>
        Send<ProgramView>(new HttpRequestMessage(HttpMethod.Post, "programs") { Content = new UploadContent(new FileInfo(file), tell ?? (_ => { })) }, ct, Timeout.InfiniteTimeSpan);

    /// <param name="tell">Hears how many bytes were sent.</param>
    public Task<ModelView> PushModel(string file, CancellationToken ct, Action<long>? tell = null) =>
        Send<ModelView>(new HttpRequestMessage(HttpMethod.Post, "models") { Content = new UploadContent(new FileInfo(file), tell ?? (_ => { })) }, ct, Timeout.InfiniteTimeSpan);

    /// <summary>What the fleet tells of, as it happens, until the connection ends.</summary>
    public async IAsyncEnumerable<FleetEvent> Listen([EnumeratorCancellation] CancellationToken ct)
    {
        const string data = "data: ";
        using var answer = await Exchange(new HttpRequestMessage(HttpMethod.Get, "events"), ct);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(ct));
        while (await reader.ReadLineAsync(ct) is { } line)
            if (line.StartsWith(data, StringComparison.Ordinal) && JsonSerializer.Deserialize(line.AsSpan(data.Length), Json.FleetEvent) is { } told) yield return told;
    }

    /// <summary>Posts a text as it is, such as a plan in YAML: the fleet's mistakes then have its lines.</summary>
    public Task<T> PostText<T>(string path, string text, string contentType, CancellationToken ct) =>
        Send<T>(new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(text, Encoding.UTF8, contentType) }, ct);

    /// <inheritdoc cref="PostText"/>
    public Task<T> PutText<T>(string path, string text, string contentType, CancellationToken ct) =>
        Send<T>(new HttpRequestMessage(HttpMethod.Put, path) { Content = new StringContent(text, Encoding.UTF8, contentType) }, ct);

    /// <summary>Posts a text and gives each line of the answer as it comes: newline-delimited JSON.</summary>
    public IAsyncEnumerable<T> PostLines<T>(string path, string text, string contentType, CancellationToken ct) => PostLines<T>(path, new StringContent(text, Encoding.UTF8, contentType), ct);

    /// <summary>As the other, with content of any kind and length: however long it takes to send.</summary>
    public async IAsyncEnumerable<T> PostLines<T>(string path, HttpContent content, [EnumeratorCancellation] CancellationToken ct)
    {
        using var answer = await Exchange(new HttpRequestMessage(HttpMethod.Post, path) { Content = content }, ct, Timeout.InfiniteTimeSpan);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(ct));
        while (await reader.ReadLineAsync(ct) is { Length: > 0 } line) yield return JsonSerializer.Deserialize(line, (JsonTypeInfo<T>)Json.GetTypeInfo(typeof(T))!)!;
    }

    public async Task Delete(string path, CancellationToken ct) => (await Exchange(new HttpRequestMessage(HttpMethod.Delete, path), ct)).Dispose();

    /// <summary>Copies the answer's body into the stream; the caller owns it.</summary>
    public async Task Download(string path, Stream destination, CancellationToken ct)
    {
        using var answer = await Exchange(new HttpRequestMessage(HttpMethod.Get, path), ct);
        await answer.Content.CopyToAsync(destination, ct);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Says who asks, for the audit log. A header has letters of ASCII alone.</summary>
    private static HttpClient Signed(string? token, HttpClient http)
    {
        if (token is not null) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (Ascii.IsValid(Environment.UserName)) http.DefaultRequestHeaders.TryAddWithoutValidation(ApiRoutes.ByHeader, Environment.UserName);
        return http;
    }

    private static HttpRequestMessage With<T>(HttpMethod method, string path, T body) =>
        new(method, path) { Content = JsonContent.Create(body, (JsonTypeInfo<T>)Json.GetTypeInfo(typeof(T))!) };

    private CliException Unreachable(HttpRequestException e) =>
        new($"No fleet answers at {Fleet} ({e.Message}). Start one with 'cvops up', or name yours with --fleet or CVOPS_FLEET.", ExitCodes.Unreachable);

    private async Task<T> Send<T>(HttpRequestMessage request, CancellationToken ct, TimeSpan? patience = null)
    {
        using var answer = await Exchange(request, ct, patience);
        return await answer.Content.ReadFromJsonAsync((JsonTypeInfo<T>)Json.GetTypeInfo(typeof(T))!, ct)
            ?? throw new CliException($"The fleet answered {request.RequestUri} with nothing.");
    }

    /// <param name="patience">Until the answer begins; null for that of most requests.</param>
    private async Task<HttpResponseMessage> Exchange(HttpRequestMessage request, CancellationToken ct, TimeSpan? patience = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(patience ?? Patience);
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
        if (answer.IsSuccessStatusCode) return answer;
        var said = await answer.Content.ReadAsStringAsync(ct);
        answer.Dispose();
        throw new CliException(Advice(said) ?? $"The fleet answered {(int)answer.StatusCode} {answer.ReasonPhrase} to {request.Method} {request.RequestUri}.", status: (int)answer.StatusCode);
    }

    /// <summary>The detail of a problem document (RFC 9457), or its title.</summary>
    private static string? Advice(string body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            foreach (var member in (ReadOnlySpan<string>)["detail", "title"])
                if (problem.RootElement.TryGetProperty(member, out var text) && text.ValueKind == JsonValueKind.String && text.GetString() is { Length: > 0 } words) return words;
        }
        catch (JsonException)
        {
            // Not a problem document: a proxy's page, say. The status line has to do.
        }
        return null;
    }
}
