using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using CvOps.Agent.Configuration;
using CvOps.Contracts;
using CvOps.Contracts.Packages.Chunks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update.Fetch.Neighbours;

/// <summary>
/// Gives neighbours ranges of the packages this device has, and of the one it is fetching as far as that has come. Off unless configured. Who knows a
/// package's digest may have it: nothing is listed. A fixed number of requests at a time, one rate for all of them.
/// </summary>
internal sealed class NeighbourServer(UpdateOptions options, DeviceId device, ModelFolder folder, FetchBoard board, TimeProvider time) : IHostedService, IAsyncDisposable
{
    public const string Root = "/packages";

    private const int PieceBytes = 64 * 1024;
    private const long LongestRange = 32L * 1024 * 1024;

    private readonly SemaphoreSlim _places = new(options.ServeConnections, options.ServeConnections);
    private readonly RateLimit _limit = new(options.ServeMegabytesPerSecond, time);
    private WebApplication? _server;

    /// <exception cref="ConfigurationException">The port is taken, or the address is not this machine's.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Serve == UpdateOptions.Off) return;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            // Beyond those that are served: they hear that there is no place.
            kestrel.Limits.MaxConcurrentConnections = 4 * options.ServeConnections;
            kestrel.Listen(IPEndPoint.Parse(options.Serve));
        });
        _server = builder.Build();
        _server.MapGet(Root + "/{digest}/holding", (string digest) => Holding(digest) is { } holding ? Results.Json(holding, ContractsJson.Default.ChunkHolding) : Results.NotFound());
        _server.MapGet(Root + "/{digest}", (string digest, HttpContext http) => GiveAsync(digest, http));
        try
        {
            await _server.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new ConfigurationException([new Mistake(0, "update.serve", $"cannot listen on {options.Serve} ({e.InnerException?.Message ?? e.Message}); choose a free port or write off")]);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _places.Dispose();
    }

    private ChunkHolding? Holding(string digest)
    {
        if (!ModelFolder.IsDigest(digest)) return null;
        if (board.TryFind(digest, out var assembly)) return new ChunkHolding { Device = device, Fetching = true, List = assembly.ListDigest, Chunks = assembly.Bits() };
        return File.Exists(folder.PathOf(digest)) ? new ChunkHolding { Device = device, Fetching = false } : null;
    }

    private async Task GiveAsync(string digest, HttpContext http)
    {
        if (!ModelFolder.IsDigest(digest) || !RangeHeaderValue.TryParse(http.Request.Headers.Range, out var asked)
            || asked.Ranges.Count != 1 || asked.Ranges.First() is not { From: { } from, To: { } to } || to < from || to - from >= LongestRange)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }
        if (!_places.Wait(0))
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        try
        {
            if (board.TryFind(digest, out var assembly) && assembly.Covers(from, to)) await SendAsync(http, from, to, assembly.List.Bytes, (buffer, offset) => assembly.Read(buffer.Span, offset));
            else if (File.Exists(folder.PathOf(digest))) await SendFileAsync(http, folder.PathOf(digest), from, to);
            else http.Response.StatusCode = StatusCodes.Status404NotFound;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException or OperationCanceledException)
        {
            // The file went, or the neighbour did: it sees its answer end early.
            http.Abort();
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task SendFileAsync(HttpContext http, string path, long from, long to)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        var length = RandomAccess.GetLength(file);
        if (to >= length) http.Response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
        else await SendAsync(http, from, to, length, (buffer, offset) => RandomAccess.Read(file, buffer.Span, offset));
    }

    private async Task SendAsync(HttpContext http, long from, long to, long length, Func<Memory<byte>, long, int> read)
    {
        http.Response.StatusCode = StatusCodes.Status206PartialContent;
        http.Response.ContentType = "application/octet-stream";
        http.Response.ContentLength = to - from + 1;
        http.Response.Headers.ContentRange = new ContentRangeHeaderValue(from, to, length).ToString();
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            for (var at = from; at <= to;)
            {
                var count = read(buffer.AsMemory(0, (int)Math.Min(PieceBytes, to - at + 1)), at);
                if (count == 0) throw new IOException("The file became shorter.");
                await _limit.PassedAsync(count, http.RequestAborted);
                await http.Response.Body.WriteAsync(buffer.AsMemory(0, count), http.RequestAborted);
                at += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
