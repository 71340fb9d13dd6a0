using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages.Chunks;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Update.Fetch;

public sealed class ChunkFetchTests
{
    private const int Size = 3_000_000;

    private static readonly byte[] Old = FetchRig.Noise(Size);
    private static readonly byte[] New = [.. Old[..1_200_000], .. FetchRig.Noise(9_000, 2), .. Old[1_200_500..]];

    [Fact]
    public async Task Only_what_no_package_on_disk_has_is_fetched()
    {
        await using var rig = await FetchRig.CreateAsync();
        var device = rig.Device();
        device.OnDisk(Old);
        await device.GetAsync(rig.Publish(New), New);
        Assert.InRange(rig.BytesServed, 1, New.Length / 10);
        Assert.Single(rig.Ranges);
        var progress = device.Progress;
        Assert.Equal((New.Length, New.Length), (progress.Total, progress.Present));
        Assert.Equal(rig.BytesServed, progress.Fetched);
        Assert.InRange(progress.Reused, New.Length * 9 / 10, New.Length);
    }

    [Fact]
    public async Task A_package_of_which_nothing_is_known_costs_itself_and_its_list()
    {
        await using var rig = await FetchRig.CreateAsync();
        await rig.Device().GetAsync(rig.Publish(New), New);
        Assert.InRange(rig.BytesServed, New.Length, New.Length * 1.05);
    }

    [Fact]
    public async Task A_damaged_package_on_disk_costs_its_chunks_alone()
    {
        await using var rig = await FetchRig.CreateAsync();
        var device = rig.Device();
        device.OnDisk(Old);
        var path = Directory.EnumerateFiles(device.Folder.Root).Single();
        UpdateRig.Flip(path);
        await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken))[..(Size - 50_000)], TestContext.Current.CancellationToken);
        await device.GetAsync(rig.Publish(New), New);
        Assert.InRange(rig.BytesServed, 50_000, New.Length / 8);
    }

    [Fact]
    public async Task What_a_killed_agent_had_assembled_is_checked_and_not_fetched_again()
    {
        await using var rig = await FetchRig.CreateAsync();
        var device = rig.Device();
        var model = rig.Publish(New);
        // Cut the first life off after two thirds of the package.
        rig.Instead = async (http, content) =>
        {
            http.Response.StatusCode = 206;
            http.Response.Headers.ContentRange = $"bytes 0-{content.Length - 1}/{content.Length}";
            await http.Response.Body.WriteAsync(content.AsMemory(0, Size * 2 / 3), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
            return true;
        };
        using (var life = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
        {
            var first = device.Download.FetchAsync(model, life.Token);
            await Eventually.Async(() => device.Download.Progress is { } progress && progress.Fetched > Size * 6 / 10, UpdateRig.Deadline, () => $"{device.Download.Progress}", TestContext.Current.CancellationToken);
            await life.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        }
        // The power went as well: a part of what was written never reached the disk.
        using (var file = new FileStream(device.Partial(model), FileMode.Open)) file.Write(new byte[40_000]);
        var before = rig.BytesServed;
        rig.Instead = null;
        device.Restart();
        await device.GetAsync(model, New);
        Assert.InRange(rig.BytesServed - before, Size / 3, (Size * 4 / 10) + 150_000);
        Assert.Equal(1, rig.ListsServed);
    }

    public static TheoryData<string> Useless_lists => new() { "404", "no JSON", "of another package", "endless", "wrong digests" };

    [Theory, MemberData(nameof(Useless_lists))]
    public async Task Without_a_list_that_can_be_used_the_package_comes_whole(string what)
    {
        await using var rig = await FetchRig.CreateAsync();
        var device = rig.Device();
        device.OnDisk(Old);
        var model = rig.Publish(New);
        var list = ChunkList.Of(new MemoryStream(New), New.Length, TestContext.Current.CancellationToken);
        var other = rig.Publish(what switch
        {
            "no JSON" => "<html>not here</html>"u8.ToArray(),
            "of another package" => Json(list with { Package = new string('0', 64) }),
            "endless" => new byte[20_000_000],
            "wrong digests" => Json(list with { Digests = FetchRig.Noise(list.Digests.Length, 9) }),
            _ => [],
        });
        await device.GetAsync(model with { Chunks = what == "404" ? new Uri(model.Url, "/package/none") : other.Url }, New);
        Assert.InRange(rig.BytesServed, New.Length, New.Length * 8L);
        Assert.Contains(device.Log.Lines, line => line.Contains("whole", StringComparison.Ordinal));

        static byte[] Json(ChunkList it) => JsonSerializer.SerializeToUtf8Bytes(it, ContractsJson.Default.ChunkList);
    }

    [Fact]
    public async Task A_list_torn_by_a_power_cut_is_asked_for_again()
    {
        await using var rig = await FetchRig.CreateAsync();
        var device = rig.Device();
        device.OnDisk(Old);
        var model = rig.Publish(New);
        await File.WriteAllBytesAsync(device.Folder.ChunksOf(model.Model.Digest), [0, 0, 0, 0], TestContext.Current.CancellationToken);
        await device.GetAsync(model, New);
        Assert.Equal(1, rig.ListsServed);
        Assert.InRange(rig.BytesServed, 1, New.Length / 10);
    }

    [Fact]
    public async Task Chunks_the_package_repeats_are_fetched_once()
    {
        await using var rig = await FetchRig.CreateAsync();
        byte[] twice = [.. Old, .. new byte[2_000_000], .. Old];
        await rig.Device().GetAsync(rig.Publish(twice), twice);
        Assert.InRange(rig.BytesServed, Size, Size + 500_000);
    }
}
