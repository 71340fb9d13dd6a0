using System.IO.Compression;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages.Chunks;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CvOps.Benchmarks;

/// <summary>Serves packages and their chunk lists as the fleet does.</summary>
internal sealed class ChunkServer : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly Dictionary<string, (string Path, byte[] List)> _packages = [];

    private ChunkServer(WebApplication server) => _server = server;

    public static async Task<ChunkServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new ChunkServer(builder.Build());
        server._server.MapGet("/{digest}/package", (string digest) => Results.File(server._packages[digest].Path, enableRangeProcessing: true));
        server._server.MapGet("/{digest}/chunks", (string digest, HttpContext http) =>
        {
            http.Response.Headers.ContentEncoding = "gzip";
            return Results.Bytes(server._packages[digest].List, "application/json");
        });
        await server._server.StartAsync();
        return server;
    }

    public DesiredModel Publish(string path)
    {
        using var file = File.OpenRead(path);
        var list = ChunkList.Of(file, file.Length);
        var packed = new MemoryStream();
        using (var packer = new GZipStream(packed, CompressionLevel.SmallestSize)) JsonSerializer.Serialize(packer, list, ContractsJson.Default.ChunkList);
        _packages[list.Package] = (path, packed.ToArray());
        var root = $"{_server.Urls.First()}/{list.Package}";
        return new DesiredModel(new ModelRef("bench", "v2", list.Package), null, new Uri(root + "/package"), file.Length, false) { Chunks = new Uri(root + "/chunks") };
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
