using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Azure.Devices.Client.Exceptions;
using Microsoft.Azure.Devices.Client.Transport;

namespace Microsoft.Azure.Devices.Client.Wire;

/// <summary>The hub's HTTPS requests about file uploads.</summary>
internal sealed class HubFiles : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    private readonly HttpClient _http;
    private readonly Uri _files;
    private readonly SasToken? _token;

    public HubFiles(IotHubConnectionStringBuilder identity, Http1TransportSettings settings, SasToken? token)
    {
        _files = new Uri($"https://{identity.HostName}/devices/{WebUtility.UrlEncode(identity.DeviceId)}/files");
        _token = token;
        _http = settings.HttpClient ?? Own(settings);
    }

    public async Task<FileUploadSasUriResponse> BeginAsync(FileUploadSasUriRequest request, CancellationToken cancellationToken)
    {
        using var response = await PostAsync("", JsonContent.Create(request, HubJson.Default.FileUploadSasUriRequest), cancellationToken);
        return await response.Content.ReadFromJsonAsync(HubJson.Default.FileUploadSasUriResponse, cancellationToken)
            ?? throw new IotHubException("The hub's answer to a file upload is empty.");
    }

    public async Task CompleteAsync(FileUploadCompletionNotification notification, CancellationToken cancellationToken) =>
        (await PostAsync("/notifications", JsonContent.Create(notification, HubJson.Default.FileUploadCompletionNotification), cancellationToken)).Dispose();

    public void Dispose() => _http.Dispose();

    private static HttpClient Own(Http1TransportSettings settings)
    {
        var handler = new SocketsHttpHandler { Proxy = settings.Proxy };
        if (settings.ClientCertificate is { } own) handler.SslOptions.ClientCertificates = [own];
        return new HttpClient(handler) { Timeout = Timeout };
    }

    /// <summary>As the original maps them.</summary>
    private static Exception Refusal(HttpStatusCode status, string text) => status switch
    {
        HttpStatusCode.NotFound => new DeviceNotFoundException(text),
        HttpStatusCode.BadRequest => new ArgumentException(text),
        HttpStatusCode.Unauthorized => new UnauthorizedException(text),
        HttpStatusCode.Forbidden => new QuotaExceededException(text),
        HttpStatusCode.RequestEntityTooLarge => new MessageTooLargeException(text),
        HttpStatusCode.TooManyRequests => new IotHubThrottledException(text),
        HttpStatusCode.InternalServerError => new ServerErrorException(text),
        HttpStatusCode.ServiceUnavailable => new ServerBusyException(text),
        _ => new IotHubException(text, isTransient: true),
    };

    private async Task<HttpResponseMessage> PostAsync(string path, JsonContent content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{_files}{path}?{HubTopics.ApiVersion}")) { Content = content };
        // Without a length the hub would have to take it in chunks.
        await content.LoadIntoBufferAsync(cancellationToken);
        if (_token is not null) request.Headers.TryAddWithoutValidation("Authorization", _token.Current());
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue(".NET", null));
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            throw new IotHubCommunicationException(e.Message, e);
        }
        if (response.IsSuccessStatusCode) return response;
        using (response) throw Refusal(response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(FileUploadSasUriRequest))]
[JsonSerializable(typeof(FileUploadSasUriResponse))]
[JsonSerializable(typeof(FileUploadCompletionNotification))]
internal sealed partial class HubJson : JsonSerializerContext;
