using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace CvOps.Testing.IotHub;

/// <summary>The HTTPS side of the hub, port 443: file uploads, with the storage they go to on the same address.</summary>
internal sealed class HubFileServer : IAsyncDisposable
{
    private const string Container = "uploads";
    private const int Largest = 16 * 1024 * 1024;

    private readonly FakeIotHub _hub;
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, (string Device, string Blob)> _begun = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _blobs = new(StringComparer.Ordinal);

    private HubFileServer(FakeIotHub hub, IPAddress address, X509Certificate2 certificate)
    {
        _hub = hub;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = Largest;
            kestrel.Listen(address, 443, listen => listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.AllowAnyClientCertificate();
            }));
        });
        _app = builder.Build();
        _app.MapPost("/devices/{device}/files", BeginAsync);
        // The SDK for C# names the upload in the body, that for Node in the path.
        _app.MapPost("/devices/{device}/files/notifications/{correlation?}", CompleteAsync);
        _app.MapPut("/" + Container + "/{**blob}", PutAsync);
    }

    /// <exception cref="IOException">Port 443 of the address is not to be had.</exception>
    public static async Task<HubFileServer> StartAsync(FakeIotHub hub, IPAddress address, X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        var server = new HubFileServer(hub, address, certificate);
        try
        {
            await server._app.StartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task BeginAsync(HttpContext context, string device)
    {
        if (!Admits(context, device)) return;
        if (_hub.Refuses(HubRefusal.Upload))
        {
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            await context.Response.WriteAsync("{\"Message\":\"ErrorCode:ThrottlingException\"}");
            return;
        }
        if (!_hub.HasStorage)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync("{\"Message\":\"ErrorCode:BlobContainerValidationError;no storage account is configured\"}");
            return;
        }
        var blob = $"{device}/{(await ReadAsync(context))?["blobName"]}";
        var correlation = Guid.NewGuid().ToString("N");
        _begun[correlation] = (device, blob);
        await context.Response.WriteAsJsonAsync(new { correlationId = correlation, hostName = _hub.HostName, containerName = Container, blobName = blob, sasToken = $"?sv=2024-11-04&sr=b&sp=rw&sig={correlation}" });
    }

    private async Task PutAsync(HttpContext context, string blob)
    {
        var name = Uri.UnescapeDataString(blob);
        var permission = context.Request.Query["sig"].ToString();
        if (context.Request.Headers["x-ms-blob-type"] != "BlockBlob" || !_begun.TryGetValue(permission, out var begun) || begun.Blob != name)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        _blobs[permission] = body.ToArray();
        context.Response.StatusCode = StatusCodes.Status201Created;
    }

    private async Task CompleteAsync(HttpContext context, string device, string? correlation)
    {
        if (!Admits(context, device)) return;
        var notification = await ReadAsync(context);
        correlation ??= (string?)notification?["correlationId"] ?? "";
        if (!_begun.TryRemove(correlation, out var begun) || begun.Device != device)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        if ((bool?)notification!["isSuccess"] == true && _blobs.TryRemove(correlation, out var body)) _hub.Took(new HubFile(device, begun.Blob, body));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private bool Admits(HttpContext context, string device)
    {
        var shown = context.Connection.ClientCertificate?.GetCertHashString();
        if (_hub.Find(device)?.Admit(_hub.HostName, context.Request.Headers.Authorization.ToString(), shown, DateTimeOffset.UtcNow) is not null) return true;
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return false;
    }

    private static async Task<JsonNode?> ReadAsync(HttpContext context) => await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
}
