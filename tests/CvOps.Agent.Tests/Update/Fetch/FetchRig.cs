using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Agent.Update;
using CvOps.Agent.Update.Fetch;
using CvOps.Agent.Update.Fetch.Neighbours;
using CvOps.Contracts;
using CvOps.Contracts.Packages.Chunks;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Tests.Update.Fetch;

/// <summary>A real package server that counts what it gives away, and answers oddly when a test wants it to.</summary>
internal sealed class FetchRig : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentDictionary<string, byte[]> _content = new();
    private readonly List<FetchDevice> _devices = [];
    private long _bytes;
    private int _lists;

    private FetchRig(WebApplication server) => _server = server;

    public TestFolder Folder { get; } = new();

    /// <summary>Bytes of bodies this server sent, chunk lists included.</summary>
    public long BytesServed => Interlocked.Read(ref _bytes);

    public int ListsServed => Volatile.Read(ref _lists);

    /// <summary>The range each request for a package asked for; empty for the whole.</summary>
    public ConcurrentQueue<string> Ranges { get; } = new();

    /// <summary>Answers requests for packages instead of the server; true when it did.</summary>
    public Func<HttpContext, byte[], Task<bool>>? Instead { get; set; }

    public int Port => new Uri(_server.Urls.First()).Port;

    public static async Task<FetchRig> CreateAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var rig = new FetchRig(server);
        server.Use(async (http, next) =>
        {
            http.Response.Body = new CountingStream(http.Response.Body, rig);
            await next(http);
        });
        server.MapGet("/package/{name}", rig.PackageAsync);
        server.MapGet("/chunks/{name}", rig.ChunksAsync);
        await server.StartAsync();
        return rig;
    }

    /// <summary>Puts a package on the server. Fetching looks at bytes and digests alone, so any bytes will do.</summary>
    /// <param name="chunks">False: the server lists no chunks, as a plain file server.</param>
    public DesiredModel Publish(byte[] content, bool chunks = true, string version = "1", int? port = null)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(content));
        _content[digest] = content;
        var root = $"http://127.0.0.1:{port ?? Port}";
        return new DesiredModel(new ModelRef("tiny", version, digest), null, new Uri($"{root}/package/{digest}"), content.Length, false)
        {
            Chunks = chunks ? new Uri($"{root}/chunks/{digest}") : null,
        };
    }

    /// <summary>What the server sends for that package from now on is something else.</summary>
    public void Replace(DesiredModel model, byte[] content) => _content[model.Model.Digest] = content;

    public FetchDevice Device(string name = "device", UpdateOptions? options = null)
    {
        var device = new FetchDevice(name, Folder["devices", name], options ?? new UpdateOptions { DownloadAttempts = 3 });
        _devices.Add(device);
        return device;
    }

    public static byte[] Noise(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var device in _devices) await device.DisposeAsync();
        await _server.DisposeAsync();
        Folder.Dispose();
    }

    private async Task PackageAsync(HttpContext http, string name)
    {
        Ranges.Enqueue(http.Request.Headers.Range.ToString());
        if (!_content.TryGetValue(name, out var content)) await Results.NotFound().ExecuteAsync(http);
        else if (Instead is null || !await Instead(http, content)) await SendAsync(http, content);
    }

    public static Task SendAsync(HttpContext http, byte[] content, string? tag = null) => Results.File(
        content, "application/octet-stream", enableRangeProcessing: true, entityTag: tag is null ? null : new Microsoft.Net.Http.Headers.EntityTagHeaderValue($"\"{tag}\"")).ExecuteAsync(http);

    private async Task ChunksAsync(HttpContext http, string name)
    {
        Interlocked.Increment(ref _lists);
        var content = _content[name];
        var list = ChunkList.Of(new MemoryStream(content), content.Length) with { Package = name };
        await Results.Bytes(JsonSerializer.SerializeToUtf8Bytes(list, ContractsJson.Default.ChunkList), "application/json").ExecuteAsync(http);
    }

    private sealed class CountingStream(Stream inner, FetchRig rig) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => inner.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Add(ref rig._bytes, buffer.Length);
            await inner.WriteAsync(buffer, cancellationToken);
        }
    }
}

/// <summary>A device's fetching on a disk of its own.</summary>
internal sealed class FetchDevice : IAsyncDisposable
{
    private readonly HttpClient _http = FetchServices.Client(TimeSpan.FromSeconds(5));
    private readonly FetchBoard _board = new();
    private readonly UpdateOptions _options;
    private readonly NeighbourServer _server;

    public FetchDevice(string name, string data, UpdateOptions options)
    {
        (Name, _options, Folder) = (new DeviceId(name), options, new ModelFolder(data));
        _server = new NeighbourServer(options, Name, Folder, _board, TimeProvider.System);
        Download = Create();
    }

    public DeviceId Name { get; }

    public ModelFolder Folder { get; }

    public PackageDownload Download { get; private set; }

    public HeardLog Log { get; } = new();

    public FetchProgress Progress => Download.Progress!;

    public string Partial(DesiredModel model) => Folder.PartialOf(model.Model.Digest);

    /// <summary>Puts a package on its disk as if it had been committed.</summary>
    public void OnDisk(byte[] package) => File.WriteAllBytes(Folder.PathOf(Convert.ToHexStringLower(SHA256.HashData(package))), package);

    /// <summary>Fetches and compares byte for byte.</summary>
    public async Task GetAsync(DesiredModel model, byte[] content)
    {
        var path = await Download.FetchAsync(model, TestContext.Current.CancellationToken);
        Assert.Equal(content, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(Partial(model)));
    }

    public Task ServeAsync() => _server.StartAsync(TestContext.Current.CancellationToken);

    /// <summary>Another process life on the same disk.</summary>
    public void Restart(TimeProvider? time = null) => Download = Create(time);

    private PackageDownload Create(TimeProvider? time = null) => new(_http, Folder, _options, time ?? TimeProvider.System, Log.For<PackageDownload>(),
        _options.Neighbours.Count == 0 && _options.Serve == UpdateOptions.Off ? null : new SiteNeighbours(_http, Name, _options.Neighbours, _board, TimeProvider.System, Log.For<SiteNeighbours>()));

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(CancellationToken.None);
        await _server.DisposeAsync();
        _http.Dispose();
    }
}
