using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using CvOps.Agent.Update;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using Microsoft.AspNetCore.Http;

namespace CvOps.Agent.Tests.Update.Fetch;

/// <summary>Servers, proxies and networks that do not do what was asked of them; each with and without a chunk list.</summary>
public sealed class OddServerTests
{
    private const int Size = 400_000;

    private static readonly byte[] Content = FetchRig.Noise(Size);

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_server_without_ranges_sends_the_whole_and_all_of_it_is_used(bool chunks)
    {
        await using var rig = await FetchRig.CreateAsync();
        rig.Instead = async (http, content) =>
        {
            http.Request.Headers.Remove("Range");
            await FetchRig.SendAsync(http, content);
            return true;
        };
        var device = rig.Device();
        var model = rig.Publish(Content, chunks);
        await File.WriteAllBytesAsync(device.Partial(model), Content[..100_000], TestContext.Current.CancellationToken);
        await device.GetAsync(model, Content);
        Assert.Single(rig.Ranges);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_connection_that_breaks_again_and_again_goes_on_where_it_was(bool chunks)
    {
        await using var rig = await FetchRig.CreateAsync();
        rig.Instead = async (http, content) =>
        {
            var (from, to) = RangeOf(http, content.Length);
            if (to - from < 150_000) return false;
            http.Response.StatusCode = from == 0 ? 200 : 206;
            http.Response.ContentLength = to - from + 1;
            if (from > 0) http.Response.Headers.ContentRange = $"bytes {from}-{to}/{content.Length}";
            await http.Response.Body.WriteAsync(content.AsMemory((int)from, 120_000));
            await http.Response.Body.FlushAsync();
            http.Abort();
            return true;
        };
        await rig.Device(options: new UpdateOptions { DownloadAttempts = 2 }).GetAsync(rig.Publish(Content, chunks), Content);
        Assert.InRange(rig.BytesServed, Size, Size * 1.5);
        Assert.True(rig.Ranges.Count >= 3);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_stalled_connection_is_begun_again(bool chunks)
    {
        await using var rig = await FetchRig.CreateAsync();
        await using var proxy = FaultProxy.Start("127.0.0.1", rig.Port);
        var stalled = false;
        rig.Instead = (http, _) =>
        {
            if (!stalled) proxy.Stall();
            stalled = true;
            return Task.FromResult(false);
        };
        var device = rig.Device(options: new UpdateOptions { DownloadAttempts = 20, DownloadStall = TimeSpan.FromSeconds(1) });
        var model = rig.Publish(Content, chunks, port: proxy.Port);
        var fetching = device.GetAsync(model, Content);
        await Eventually.Async(() => device.Log.Lines.Any(line => line.Contains("nothing arrived for 1 s", StringComparison.Ordinal)), UpdateRig.Deadline, () => string.Join('\n', device.Log.Lines), TestContext.Current.CancellationToken);
        proxy.Restore();
        proxy.Break();
        await fetching;
    }

    [Fact]
    public async Task A_file_that_changed_on_the_server_is_not_glued_together()
    {
        await using var rig = await FetchRig.CreateAsync();
        var device = rig.Device();
        var model = rig.Publish(Content, chunks: false);
        var tag = "old";
        rig.Instead = async (http, content) =>
        {
            if (tag == "old")
            {
                // The first answer ends in the middle of another file.
                tag = "new";
                http.Response.Headers.ETag = "\"old\"";
                http.Response.ContentLength = Size;
                await http.Response.Body.WriteAsync(FetchRig.Noise(Size, 8).AsMemory(0, 150_000));
                await http.Response.Body.FlushAsync();
                http.Abort();
            }
            else
            {
                await FetchRig.SendAsync(http, content, tag);
            }
            return true;
        };
        await device.GetAsync(model, Content);
    }

    [Fact]
    public async Task What_an_earlier_life_left_of_another_file_is_found_out_at_the_end()
    {
        await using var rig = await FetchRig.CreateAsync();
        var device = rig.Device();
        var model = rig.Publish(Content, chunks: false);
        await File.WriteAllBytesAsync(device.Partial(model), FetchRig.Noise(Size / 2, 8), TestContext.Current.CancellationToken);
        await device.GetAsync(model, Content);
        // A file of the right length is not believed either.
        var other = rig.Publish(FetchRig.Noise(Size, 12), chunks: false);
        await File.WriteAllBytesAsync(device.Partial(other), FetchRig.Noise(Size, 8), TestContext.Current.CancellationToken);
        await device.GetAsync(other, FetchRig.Noise(Size, 12));
    }

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("gzip", false)]
    [InlineData("br", false)]
    [InlineData("deflate", false)]
    public async Task A_proxy_that_compresses_what_it_should_not_is_put_up_with(string encoding, bool chunks)
    {
        await using var rig = await FetchRig.CreateAsync();
        rig.Instead = async (http, content) =>
        {
            using var small = new MemoryStream();
            await using (Stream packer = encoding switch { "gzip" => new GZipStream(small, CompressionLevel.Fastest, true), "br" => new BrotliStream(small, CompressionLevel.Fastest, true), _ => new ZLibStream(small, CompressionLevel.Fastest, true) }) await packer.WriteAsync(content);
            http.Response.Headers.ContentEncoding = encoding;
            await http.Response.Body.WriteAsync(small.ToArray());
            return true;
        };
        await rig.Device().GetAsync(rig.Publish(Content, chunks), Content);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_redirect_is_followed_with_its_range(bool chunks)
    {
        await using var rig = await FetchRig.CreateAsync();
        rig.Instead = (http, _) =>
        {
            if (http.Request.Query.ContainsKey("there")) return Task.FromResult(false);
            http.Response.Redirect(http.Request.Path + "?there=1");
            return Task.FromResult(true);
        };
        var device = rig.Device();
        device.OnDisk(Content[..300_000]);
        await device.GetAsync(rig.Publish(Content, chunks), Content);
        Assert.InRange(rig.BytesServed, 1, chunks ? Size / 2 : Size + 1000);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Redirects_in_a_circle_end_in_a_sentence(bool chunks)
    {
        await using var rig = await FetchRig.CreateAsync();
        rig.Instead = (http, _) =>
        {
            http.Response.Redirect(http.Request.Path);
            return Task.FromResult(true);
        };
        Assert.Contains("302", await RefusedAsync(rig, rig.Publish(Content, chunks)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "has 400001 bytes, the package has 400000")]
    [InlineData(false, "more than the 400000 bytes")]
    public async Task A_file_that_is_too_long_is_refused(bool chunks, string part)
    {
        await using var rig = await FetchRig.CreateAsync();
        var model = rig.Publish(Content, chunks);
        rig.Instead = async (http, content) =>
        {
            await FetchRig.SendAsync(http, [.. content, 1]);
            return true;
        };
        Assert.Contains(part, await RefusedAsync(rig, model), StringComparison.Ordinal);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_file_that_is_too_short_is_refused(bool chunks)
    {
        await using var rig = await FetchRig.CreateAsync();
        var model = rig.Publish(Content, chunks);
        rig.Instead = async (http, content) =>
        {
            await FetchRig.SendAsync(http, content[..^100_000]);
            return true;
        };
        Assert.Contains("in 2 attempts", await RefusedAsync(rig, model), StringComparison.Ordinal);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_range_from_elsewhere_is_not_taken_for_the_one_asked_for(bool chunks)
    {
        await using var rig = await FetchRig.CreateAsync();
        var device = rig.Device();
        var model = rig.Publish(Content, chunks);
        await File.WriteAllBytesAsync(device.Partial(model), Content[..100_000], TestContext.Current.CancellationToken);
        var asked = 0;
        rig.Instead = async (http, content) =>
        {
            if (asked++ > 0) return false;
            http.Response.StatusCode = 206;
            http.Response.Headers.ContentRange = $"bytes 5-{content.Length - 1}/{content.Length}";
            await http.Response.Body.WriteAsync(content.AsMemory(5));
            return true;
        };
        await device.GetAsync(model, Content);
    }

    [Fact]
    public async Task A_chunk_that_was_damaged_on_the_way_is_asked_for_again_and_a_server_that_insists_is_asked_for_the_whole()
    {
        await using var rig = await FetchRig.CreateAsync();
        var damaged = 0;
        rig.Instead = async (http, content) =>
        {
            if (damaged++ > 0) return false;
            var wrong = (byte[])content.Clone();
            wrong[Size / 2] ^= 1;
            await FetchRig.SendAsync(http, wrong);
            return true;
        };
        await rig.Device("a").GetAsync(rig.Publish(Content), Content);
        Assert.InRange(rig.BytesServed, Size, Size * 1.6);

        // The list is of another file: the whole one is what counts, and whose signature it bears is the verifier's question.
        var model = rig.Publish(FetchRig.Noise(Size, 3));
        rig.Instead = null;
        var list = Contracts.Packages.Chunks.ChunkList.Of(new MemoryStream(Content), Size, TestContext.Current.CancellationToken) with { Package = model.Model.Digest };
        var lying = rig.Publish(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(list, Contracts.ContractsJson.Default.ChunkList));
        await rig.Device("b").GetAsync(model with { Chunks = lying.Url }, FetchRig.Noise(Size, 3));
    }

    [Fact]
    public async Task A_server_in_trouble_is_asked_again_and_one_that_is_not_there_is_told_of()
    {
        await using var rig = await FetchRig.CreateAsync();
        var asked = 0;
        rig.Instead = (http, _) =>
        {
            http.Response.StatusCode = 503;
            return Task.FromResult(asked++ == 0);
        };
        await rig.Device("a").GetAsync(rig.Publish(Content), Content);
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        var port = ((IPEndPoint)deaf.LocalEndpoint).Port;
        deaf.Stop();
        Assert.Contains("Connection refused", await RefusedAsync(rig, rig.Publish(Content, port: port)), StringComparison.Ordinal);
    }

    private static async Task<string> RefusedAsync(FetchRig rig, DesiredModel model)
    {
        var device = rig.Device("refused", new UpdateOptions { DownloadAttempts = 2 });
        return (await Assert.ThrowsAsync<UpdateRefusedException>(() => device.Download.FetchAsync(model, TestContext.Current.CancellationToken))).Message;
    }

    private static (long From, long To) RangeOf(HttpContext http, int length)
    {
        var range = http.Request.GetTypedHeaders().Range?.Ranges.Single();
        return (range?.From ?? 0, range?.To ?? length - 1);
    }
}
