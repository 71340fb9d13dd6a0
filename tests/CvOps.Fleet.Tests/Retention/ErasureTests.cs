using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Retention;

public sealed class ErasureTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_erased_frame_is_nowhere_in_the_fleets_folder_and_does_not_come_back()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        var picture = TestPictures.Jpeg("person");
        await device.SendAsync(device.Frame("person"));
        await device.SendAsync(device.Frame("person-again") with { Jpeg = picture });
        foreach (var id in (string[])["other", "third"]) await device.SendAsync(device.Frame(id));
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("frames?state=Unlabelled", ContractsJson.Default.FramePage, Cancel))!.Unlabelled == 4, "four frames");
        foreach (var id in (string[])["person", "other", "third"]) Assert.Equal(HttpStatusCode.OK, (await fleet.Http.PutAsJsonAsync($"frames/{id}/label", new LabelRequest("ok", "operator"), ContractsJson.Default.LabelRequest, Cancel)).StatusCode);
        var frozen = await fleet.Http.PostAsJsonAsync("datasets", new SnapshotRequest("first", "operator"), ContractsJson.Default.SnapshotRequest, Cancel);
        var snapshot = (await frozen.Content.ReadFromJsonAsync(ContractsJson.Default.DatasetView, Cancel))!;
        var datasets = fleet.Services.GetRequiredService<DatasetStore>();
        // A training under way has its own copies.
        var copies = Path.Combine(fleet.Options.Data, "training", "run-1", "dataset");
        await datasets.ExportAsync(snapshot.Digest, copies, Cancel);
        Assert.Equal(2, Holding(fleet, picture).Count);

        var look = await EraseAsync(fleet, new ErasureRequest("operator", "a person walked by") { Frame = "person", Look = true });
        Assert.Null(look.Id);
        Assert.Equal(["person", "person-again"], look.Frames.Select(frame => frame.Id));
        Assert.Equal(["frame", "frame", "label", "picture", "training copy"], look.Removed.Select(place => place.What).Order());
        Assert.Equal(2, Holding(fleet, picture).Count);

        var done = await EraseAsync(fleet, new ErasureRequest("operator", "a person walked by") { Frame = "person" });
        Assert.Equal(look.Removed, done.Removed);
        Assert.Equal(("snapshot", snapshot.Digest), done.Remains.Where(place => place.What == "snapshot").Select(place => (place.What, place.Where)).Single());
        Assert.Contains(done.Remains, place => place.What == "backup");
        Assert.Empty(Holding(fleet, picture));
        foreach (var address in (string[])["frames/person", "frames/person/image", "frames/person/labels", "frames/person-again", "frames/person/similar", "lineage?frame=person"])
            Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync(address, Cancel)).StatusCode);

        // The snapshot keeps its name, and what is made of it from now on leaves the frame out.
        var folder = fleet.InFolder("export");
        Assert.True(await datasets.ExportAsync(snapshot.Digest, folder, Cancel));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(folder, "images")).Length);
        using (var zip = new ZipArchive(await fleet.Http.GetStreamAsync($"datasets/{snapshot.Digest}/export?format=coco", Cancel)))
            Assert.DoesNotContain(zip.Entries, entry => entry.FullName.Contains("person", StringComparison.Ordinal));

        // Whoever still has it brings it again.
        await device.SendAsync(device.Frame("person"));
        await device.SendAsync(device.Frame("another-name") with { Jpeg = picture });
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("deadletters", ContractsJson.Default.DeadLetterPage, Cancel))!.Letters.Count(letter => letter.Reason.Contains("was erased; it is not taken in again", StringComparison.Ordinal)) == 2, "that both are turned away");
        var import = await fleet.Http.PostAsJsonAsync("frames", new FrameImport(picture, "ok", "operator"), ContractsJson.Default.FrameImport, Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, import.StatusCode);
        Assert.Contains("was erased", await import.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        var database = fleet.Services.GetRequiredService<Database>();
        Assert.Equal(0, await database.ReadAsync(connection => connection.ExecuteScalar<long>("SELECT count(*) FROM frames WHERE id LIKE '%person%' OR id = 'another-name'"), Cancel));
        // Its bytes came with them, and wait for the next sweep.
        Assert.Equal(1, await database.ReadAsync(connection => connection.ExecuteScalar<long>("SELECT count(*) FROM blob_due"), Cancel));

        Assert.Equal(done.Id, Assert.Single((await fleet.Http.GetFromJsonAsync("erasures", ContractsJson.Default.ErasureViewArray, Cancel))!).Id);
        var audit = await fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, Cancel);
        Assert.Contains("a person walked by", Assert.Single(audit!.Entries, entry => entry.Action == "frames.erased").Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "person", null, "'reason' is missing")]
    [InlineData("asked", null, null, "Name one of")]
    [InlineData("asked", "person", "part-1", "Name one of")]
    public async Task A_request_that_does_not_say_what_or_why_is_refused(string reason, string? frame, string? part, string says)
    {
        await using var fleet = await FleetHost.StartAsync();
        var answer = await fleet.Http.PostAsJsonAsync("erasures", new ErasureRequest("operator", reason) { Frame = frame, Part = part }, ContractsJson.Default.ErasureRequest, Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains(says, await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.PostAsJsonAsync("erasures", new ErasureRequest("operator", "asked") { Part = "none" }, ContractsJson.Default.ErasureRequest, Cancel)).StatusCode);
    }

    /// <summary>Every file under the fleet's data that has these bytes in it.</summary>
    private static List<string> Holding(FleetHost fleet, byte[] bytes) =>
        [.. Directory.EnumerateFiles(fleet.Options.Data, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "lock" && Read(file).AsSpan().IndexOf(bytes) >= 0)];

    private static byte[] Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static async Task<ErasureView> EraseAsync(FleetHost fleet, ErasureRequest request)
    {
        var answer = await fleet.Http.PostAsJsonAsync("erasures", request, ContractsJson.Default.ErasureRequest, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ErasureView, Cancel))!;
    }
}
