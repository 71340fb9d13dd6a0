using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Frames;

public sealed class LabelFlowTests
{
    [Fact]
    public async Task A_frame_is_sampled_labelled_and_frozen_under_a_digest_that_stays()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SendAsync(device.Frame("sure", margin: 0.9));
        await device.SendAsync(device.Frame("unsure", margin: 0.05));
        await device.SendAsync(device.Frame("disputed", margin: 0.5, shadow: "scratch"));
        FramePage? page = null;
        await FleetHost.UntilAsync(async () => (page = await PageAsync(fleet, "frames?state=Unlabelled")).Unlabelled == 3, "three frames");
        Assert.Equal(["disputed", "unsure", "sure"], page!.Frames.Select(frame => frame.Id));

        var first = await PageAsync(fleet, "frames?state=Unlabelled&limit=1");
        Assert.Equal(["unsure", "sure"], (await PageAsync(fleet, $"frames?state=Unlabelled&after={first.Next}")).Frames.Select(frame => frame.Id));
        Assert.Equal(TestPictures.Jpeg("unsure"), await fleet.Http.GetByteArrayAsync("frames/unsure/image", TestContext.Current.CancellationToken));

        await LabelAsync(fleet, "sure", new LabelRequest("ok", "operator"));
        await LabelAsync(fleet, "unsure", new LabelRequest("scratch", "operator"));
        await LabelAsync(fleet, "disputed", new LabelRequest(null, "operator", Skip: true));
        var snapshot = await FreezeAsync(fleet, "first");
        Assert.Equal((2, 1, 1), (snapshot.Frames, snapshot.Classes["ok"], snapshot.Classes["scratch"]));

        await fleet.RestartFleetAsync();
        await LabelAsync(fleet, "sure", new LabelRequest("ok", "labeller"));
        Assert.Equal(snapshot.Digest, (await FreezeAsync(fleet, "the same frames and labels")).Digest);
        await LabelAsync(fleet, "sure", new LabelRequest("scratch", "labeller"));
        Assert.NotEqual(snapshot.Digest, (await FreezeAsync(fleet, "another label")).Digest);

        var folder = fleet.InFolder("export");
        Assert.True(await fleet.Services.GetRequiredService<DatasetStore>().ExportAsync(snapshot.Digest, folder, TestContext.Current.CancellationToken));
        var image = snapshot.Frames == 2 ? Directory.GetFiles(Path.Combine(folder, "images")) : [];
        Assert.Equal(2, image.Length);
        var audit = await fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, TestContext.Current.CancellationToken);
        Assert.Equal(5, audit!.Entries.Count(entry => entry.Action is "frame.labelled" or "frame.skipped"));
    }

    [Fact]
    public async Task A_picture_whose_file_is_lost_is_a_clear_answer_and_freezes_no_half_dataset()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SendAsync(device.Frame("gone", margin: 0.9));
        FramePage? page = null;
        await FleetHost.UntilAsync(async () => (page = await PageAsync(fleet, "frames?state=Unlabelled")).Unlabelled == 1, "the frame");
        await LabelAsync(fleet, "gone", new LabelRequest("ok", "operator"));
        var snapshot = await FreezeAsync(fleet, "first");
        File.Delete(fleet.Services.GetRequiredService<BlobStore>().PathOf(page!.Frames[0].ImageDigest));

        var answer = await fleet.Http.GetAsync("frames/gone/image", TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.InternalServerError, null), (answer.StatusCode, answer.Headers.CacheControl?.MaxAge));
        Assert.Contains("The file of the picture of frame gone is gone from the fleet's blob store", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var failure = await Assert.ThrowsAsync<BlobLostException>(() => fleet.Services.GetRequiredService<DatasetStore>().ExportAsync(snapshot.Digest, fleet.InFolder("export"), TestContext.Current.CancellationToken));
        Assert.Contains($"a picture of dataset snapshot {snapshot.Digest}", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"class":null,"by":"operator"}""", HttpStatusCode.UnprocessableEntity, "Give 'class'")]
    [InlineData("""{"class":"ok","by":" "}""", HttpStatusCode.UnprocessableEntity, "Say who")]
    [InlineData("""{"class":""", HttpStatusCode.BadRequest, "")]
    public async Task A_label_that_says_nothing_is_refused_with_what_to_do(string body, HttpStatusCode status, string detail)
    {
        await using var fleet = await FleetHost.StartAsync();
        var answer = await fleet.Http.PutAsync("frames/none/label", new StringContent(body, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(detail, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_from_outside_is_taken_once_and_a_golden_one_is_never_exported_for_training()
    {
        await using var fleet = await FleetHost.StartAsync();
        var golden = new FrameImport(TestPictures.Jpeg("g"), "scratch", "operator", FrameUse.Golden, "part-1");
        var first = await ImportAsync(fleet, golden);
        Assert.Equal(first.Id, (await ImportAsync(fleet, golden)).Id);
        await ImportAsync(fleet, new FrameImport(TestPictures.Jpeg("same part"), "scratch", "operator", FrameUse.Training, "part-1"));
        await ImportAsync(fleet, new FrameImport(TestPictures.Jpeg("t"), "ok", "operator"));
        var snapshot = await FreezeAsync(fleet, "mixed");
        Assert.Equal((2, 1), (snapshot.Frames, snapshot.Golden));
        await fleet.Services.GetRequiredService<DatasetStore>().ExportAsync(snapshot.Digest, fleet.InFolder("export"), TestContext.Current.CancellationToken);
        Assert.Single(Directory.GetFiles(Path.Combine(fleet.InFolder("export"), "images")));
        foreach (var other in new[] { golden with { Verdict = PartVerdict.Ng }, golden with { Boxes = [new LabelBox("scratch", 1, 1, 2, 2)] }, golden with { Class = "dent" } })
        {
            var answer = await fleet.Http.PostAsJsonAsync("frames", other, ContractsJson.Default.FrameImport, TestContext.Current.CancellationToken);
            Assert.Contains("another label (scratch)", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await fleet.Http.PostAsJsonAsync("frames", new FrameImport([1, 2, 3], "ok", "operator"), ContractsJson.Default.FrameImport, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public void Only_frames_kept_by_chance_become_golden_and_about_the_share_of_them()
    {
        var frames = Enumerable.Range(0, 5000).Select(i => View($"f{i}", "audit")).ToArray();
        var golden = frames.Count(frame => GoldenRule.Decide(frame, 0.2) == FrameUse.Golden);
        Assert.InRange(golden, 900, 1100);
        Assert.All(frames, frame => Assert.Equal(FrameUse.Training, GoldenRule.Decide(frame with { Reasons = [new SamplingReason("least-confidence", 1)] }, 1)));
        Assert.Equal(GoldenRule.Decide(View("x", "audit") with { Part = "p" }, 0.5), GoldenRule.Decide(View("y", "audit") with { Part = "p" }, 0.5));
    }

    private static FrameView View(string id, string rule) => new()
    {
        Id = id, CapturedAt = DateTimeOffset.UnixEpoch, Reasons = [new SamplingReason(rule, 1)], ImageDigest = "", Width = 1, Height = 1, State = LabelState.Unlabelled, Use = FrameUse.Training,
    };

    private static async Task<FramePage> PageAsync(FleetHost fleet, string address) =>
        (await fleet.Http.GetFromJsonAsync(address, ContractsJson.Default.FramePage, TestContext.Current.CancellationToken))!;

    private static async Task LabelAsync(FleetHost fleet, string id, LabelRequest label)
    {
        var answer = await fleet.Http.PutAsJsonAsync($"frames/{id}/label", label, ContractsJson.Default.LabelRequest, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task<DatasetView> FreezeAsync(FleetHost fleet, string name)
    {
        var answer = await fleet.Http.PostAsJsonAsync("datasets", new SnapshotRequest(name, "operator"), ContractsJson.Default.SnapshotRequest, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.DatasetView, TestContext.Current.CancellationToken))!;
    }

    private static async Task<FrameView> ImportAsync(FleetHost fleet, FrameImport import)
    {
        var answer = await fleet.Http.PostAsJsonAsync("frames", import, ContractsJson.Default.FrameImport, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.FrameView, TestContext.Current.CancellationToken))!;
    }
}
