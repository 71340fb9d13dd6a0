using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Storage.Buckets;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Storage;

[Trait("tier", "integration")]
public sealed class BucketTests : IAsyncDisposable
{
    private const string Name = "cvops";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly TestFolder _folder = new();
    private TestProcess? _server;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_one_fleet_put_another_finds_and_what_one_removes_is_gone_for_all()
    {
        var options = await ServeAsync();
        using var bucket = new Bucket(options);
        var (mine, other) = (new BlobStore(_folder["a"], bucket), new BlobStore(_folder["b"], bucket));
        var digest = mine.Put([1, 2, 3]);
        Assert.True(other.Exists(digest));
        Assert.Equal([1, 2, 3], await other.ReadAsync(digest, "a picture", Cancel));
        using (var incoming = await other.ReceiveAsync(new MemoryStream([4, 5]), 100, Cancel))
        {
            Assert.False(mine.Exists(incoming.Digest));
            incoming.Keep();
            Assert.Equal([4, 5], await mine.ReadAsync(incoming.Digest, "a package", Cancel));
        }

        // Put a moment ago, by whomever: its row may be on the way.
        File.SetLastWriteTimeUtc(mine.PathOf(digest), DateTime.UtcNow.AddDays(-1));
        Assert.False(mine.Remove(digest, DateTimeOffset.UtcNow.AddMinutes(-5)));
        Assert.True(mine.Erase(digest));
        Assert.Null(new BlobStore(_folder["c"], bucket).TryFind(digest));
        var lost = Assert.Throws<BlobLostException>(() => mine.Find(digest, "the picture of frame f1"));
        Assert.Contains("the picture of frame f1", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bucket_that_is_away_or_gives_other_bytes_says_so_as_a_disk_would()
    {
        var options = await ServeAsync();
        using var bucket = new Bucket(options);
        var store = new BlobStore(_folder["a"], bucket);
        var digest = store.Put([1, 2, 3]);
        var stored = Directory.GetFiles(_folder["s3"], $"*{digest}*object", SearchOption.AllDirectories);
        await File.WriteAllBytesAsync(Assert.Single(stored), [1, 2, 4], Cancel);
        Assert.Contains(digest, Assert.ThrowsAny<IOException>(() => new BlobStore(_folder["b"], bucket).Find(digest, "a picture")).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder["b"], "incoming")));

        await _server!.DisposeAsync();
        _server = null;
        Assert.Contains("did not ", Assert.ThrowsAny<IOException>(() => store.Put([7])).Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], await store.ReadAsync(digest, "a picture", Cancel));
    }

    [Fact]
    public async Task Two_fleets_in_turn_on_folders_of_their_own_show_the_same_frame()
    {
        var options = await ServeAsync();
        await using var fleet = await FleetHost.StartAsync(set => set.Bucket = options);
        var import = await fleet.Http.PostAsJsonAsync("frames", new FrameImport(TestPictures.Jpeg("x"), "ok", "operator"), ContractsJson.Default.FrameImport, Cancel);
        var frame = (await import.Content.ReadFromJsonAsync(ContractsJson.Default.FrameView, Cancel))!;
        await fleet.StopFleetAsync();
        Directory.Delete(Path.Combine(fleet.Options.Data, "blobs"), recursive: true);
        await fleet.StartFleetAsync();
        Assert.Equal(TestPictures.Jpeg("x"), await fleet.Http.GetByteArrayAsync($"frames/{frame.Id}/image", Cancel));
        await _server!.DisposeAsync();
        _server = null;
        Assert.Equal(HttpStatusCode.OK, (await fleet.Http.GetAsync($"frames/{frame.Id}/image", Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("", null, null, "Fleet__Bucket__Name is missing")]
    [InlineData("b", "s3.plant", null, "is no address")]
    [InlineData("b", null, "key", "belong together")]
    public void Settings_that_cannot_work_are_named(string name, string? endpoint, string? key, string says) =>
        Assert.Contains(says, Assert.Single(new BucketOptions { Name = name, Endpoint = endpoint, AccessKey = key }.Mistakes()), StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<BucketOptions> ServeAsync()
    {
        var packages = await NodePackages.InstallAsync("s3", Cancel);
        _server = TestProcess.Start(TestProcess.Find("node")!, [Path.Combine(packages, "serve.cjs"), _folder["s3"], Name], folder: packages);
        await _server.WaitForOutputAsync("listening ", Deadline, Cancel);
        var port = int.Parse(_server.Output.Split("listening ")[1].Split('\n')[0].Trim(), CultureInfo.InvariantCulture);
        return new BucketOptions { Name = Name, Endpoint = $"http://127.0.0.1:{port}", AccessKey = "S3RVER", SecretKey = "S3RVER" };
    }
}
