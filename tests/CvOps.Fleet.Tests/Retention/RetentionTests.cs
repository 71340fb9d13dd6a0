using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Retention;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tests.Alerts;
using CvOps.Fleet.Tests.Frames;
using CvOps.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Retention;

public sealed class RetentionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_too_old_goes_with_its_pictures_and_what_people_labelled_stays()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
        await using var fleet = await FleetHost.StartAsync(change: builder => builder.Services.AddSingleton<TimeProvider>(time));
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SendAsync(device.Inspection());
        foreach (var id in (string[])["labelled", "waiting", "skipped"]) await device.SendAsync(device.Frame(id));
        await FleetHost.UntilAsync(async () => (await PageAsync(fleet)).Unlabelled == 3, "three frames");
        await LabelAsync(fleet, "labelled", new LabelRequest("ok", "operator"));
        await LabelAsync(fleet, "skipped", new LabelRequest(null, "operator", Skip: true));
        var blobs = fleet.Services.GetRequiredService<BlobStore>();
        var picture = (await fleet.Http.GetFromJsonAsync("frames/waiting", ContractsJson.Default.FrameView, Cancel))!.ImageDigest;

        time.Advance(TimeSpan.FromDays(10));
        var policy = new RetentionPolicy { InspectionDays = 9, FrameDays = 30 };
        var look = await RunAsync(fleet, new RetentionRunRequest("operator") { Look = true, Policy = policy });
        Assert.Equal((1, 2, 0), (look.Inspections, look.FramesByAge, look.FramesByValue));
        Assert.Equal(0, (await RunAsync(fleet, new RetentionRunRequest("operator"))).Rows);
        await fleet.PutAsync<RetentionRequest, RetentionView>("retention", new RetentionRequest(policy, "operator"));
        var run = await RunAsync(fleet, new RetentionRunRequest("operator"));
        Assert.Equal((1, 2), (run.Inspections, run.FramesByAge));
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync("frames/waiting", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync("frames/skipped/labels", Cancel)).StatusCode);
        Assert.Equal((0, 1), await PageAsync(fleet) is var page ? (page.Unlabelled, page.Labelled) : default);
        Assert.Empty((await fleet.Http.GetFromJsonAsync("inspections", ContractsJson.Default.InspectionPage, Cancel))!.Rows);

        // The file waits: whoever brings the picture again in this moment finds it.
        Assert.True(blobs.Exists(picture));
        Assert.Equal(2, (await fleet.Http.GetFromJsonAsync("retention", ContractsJson.Default.RetentionView, Cancel))!.PicturesDue);
        time.Advance(BlobSweep.Grace + TimeSpan.FromMinutes(1));
        File.SetLastWriteTimeUtc(blobs.PathOf(picture), time.GetUtcNow().UtcDateTime.AddDays(-1));
        await RunAsync(fleet, new RetentionRunRequest("operator"));
        Assert.False(blobs.Exists(picture));
        Assert.Equal(TestPictures.Jpeg("labelled"), await fleet.Http.GetByteArrayAsync("frames/labelled/image", Cancel));
        var audit = await fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, Cancel);
        Assert.Equal(["retention.set", "retention.run"], audit!.Entries.Select(entry => entry.Action).Where(action => action.StartsWith("retention", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Of_too_many_frames_the_least_valuable_go_and_the_accuracy_knows()
    {
        await using var fleet = await FleetHost.StartAsync();
        var database = fleet.Services.GetRequiredService<Database>();
        var stored = DateTimeOffset.UtcNow.AddMinutes(-1);
        FrameView[] frames = [.. Enumerable.Range(0, 1500).Select(i => FrameRows.View($"f{i}", margin: i % 10 == 0 ? 0.02 : 0.9, inclusion: 0.5) with { ImageDigest = $"{i:x64}" })];
        var disputed = FrameRows.View("disputed", margin: 1) with { Shadow = new ShadowPrediction(new ModelRef("line", "2", new string('b', 64)), new Prediction { Class = "scratch", Margin = 1 }) };
        await database.WriteAsync(connection => FrameTable.InsertAll(connection, [.. frames, disputed], "operator", stored), Cancel);
        await fleet.PutAsync<RetentionRequest, RetentionView>("retention", new RetentionRequest(new RetentionPolicy { WaitingFrames = 1000 }, "operator"));

        Assert.Equal(500, (await RunAsync(fleet, new RetentionRunRequest("operator"))).FramesByValue);
        var left = await database.ReadAsync(connection => connection.Query<string>("SELECT id FROM frames").ToHashSet(), Cancel);
        Assert.Equal(1001, left.Count);
        Assert.Contains("disputed", left);
        Assert.InRange(frames.Count(frame => frame.Prediction!.Margin < 0.1 && left.Contains(frame.Id)), 149, 150);
        Assert.Equal(0, (await RunAsync(fleet, new RetentionRunRequest("operator"))).FramesByValue);

        // 1,501 frames, each for two: the thousand that are left stand for those that went, too.
        var accuracy = await fleet.Services.GetRequiredService<AccuracyReader>().ReadAsync(frames[0].Model!, null, Cancel);
        Assert.InRange(accuracy.Overall.Represented, 2900, 3100);
        Assert.Equal(1000, accuracy.Overall.Sampled);
    }

    [Fact]
    public async Task A_policy_with_mistakes_is_refused_and_nothing_goes_without_one()
    {
        await using var fleet = await FleetHost.StartAsync();
        var refused = await fleet.Http.PutAsJsonAsync("retention", new RetentionRequest(new RetentionPolicy { FrameDays = 0, WaitingFrames = 5 }, "operator"), ContractsJson.Default.RetentionRequest, Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        var says = await refused.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("'frameDays' is 0; 1 to 36500 days", says, StringComparison.Ordinal);
        Assert.Contains("'waitingFrames' is 5", says, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync(fleet, new RetentionRunRequest("operator"))).Rows);
        var tried = await fleet.Http.PostAsJsonAsync("retention/run", new RetentionRunRequest("operator") { Policy = new RetentionPolicy() }, ContractsJson.Default.RetentionRunRequest, Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, tried.StatusCode);
    }

    [Fact]
    public void A_blob_that_somebody_asked_for_since_stays()
    {
        using var folder = new TestFolder();
        var blobs = new BlobStore(folder["blobs"]);
        var digest = blobs.Put([1, 2, 3]);
        Assert.False(blobs.Remove(digest, DateTimeOffset.UtcNow.AddMinutes(-1)));
        File.SetLastWriteTimeUtc(blobs.PathOf(digest), DateTime.UtcNow.AddHours(-1));
        Assert.Equal(digest, blobs.Put([1, 2, 3]));
        Assert.False(blobs.Remove(digest, DateTimeOffset.UtcNow.AddMinutes(-1)));
        File.SetLastWriteTimeUtc(blobs.PathOf(digest), DateTime.UtcNow.AddHours(-1));
        Assert.True(blobs.Remove(digest, DateTimeOffset.UtcNow.AddMinutes(-1)));
        Assert.False(blobs.Touch(digest));
        Assert.True(blobs.Remove(digest, DateTimeOffset.UtcNow));
    }

    private static async Task<FramePage> PageAsync(FleetHost fleet) => (await fleet.Http.GetFromJsonAsync("frames?state=Unlabelled", ContractsJson.Default.FramePage, Cancel))!;

    private static async Task<RetentionRun> RunAsync(FleetHost fleet, RetentionRunRequest request)
    {
        var answer = await fleet.Http.PostAsJsonAsync("retention/run", request, ContractsJson.Default.RetentionRunRequest, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.RetentionRun, Cancel))!;
    }

    private static async Task LabelAsync(FleetHost fleet, string id, LabelRequest label) =>
        Assert.Equal(HttpStatusCode.OK, (await fleet.Http.PutAsJsonAsync($"frames/{id}/label", label, ContractsJson.Default.LabelRequest, Cancel)).StatusCode);
}
