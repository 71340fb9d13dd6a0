using CvOps.Contracts.Api;

namespace CvOps.Fleet.Tests.Datasets;

public sealed class GoldenTests
{
    [Fact]
    public async Task Nothing_of_the_golden_set_gets_into_training_by_frame_part_burst_or_picture()
    {
        using var fleet = new Frozen();
        FrameView Golden(FrameView frame) => frame with { Use = FrameUse.Golden };
        await fleet.AddAsync(
            Golden(fleet.Frame("judge-part") with { Part = "p1" }), Golden(fleet.Frame("judge-picture", picture: "same")), Golden(fleet.Frame("judge-burst") with { Part = null, CapturedAt = Frozen.At.AddHours(1) }),
            fleet.Frame("of-the-part") with { Part = "p1", Device = new("line-7") }, fleet.Frame("of-the-picture", picture: "same") with { Part = null, Device = null, Camera = null },
            // Another frame of the part whose picture is golden: the part is, too.
            fleet.Frame("of-the-pictures-part") with { Part = "part-judge-picture" },
            fleet.Frame("of-the-burst") with { Part = null, CapturedAt = Frozen.At.AddHours(1).AddSeconds(1.5) },
            fleet.Frame("after-the-burst") with { Part = null, CapturedAt = Frozen.At.AddHours(1).AddSeconds(60) }, fleet.Frame("clean"));

        foreach (var request in new[] { Frozen.Request(), Frozen.Request(new(0.5, 0.25, 0.25)), Frozen.Request(new(0.5, 0.5)) with { GroupBy = SplitBy.Camera } })
        {
            var view = await fleet.FreezeAsync(request);
            Assert.Equal(["after-the-burst", "clean", "judge-burst", "judge-part", "judge-picture"], fleet.Entries(view).Keys);
            Assert.Equal((3, 3), (view.Golden, view.Splits!["golden"]));
            Assert.Equal((2, 1, 1), (view.LeftOut!["shows a part of the golden set"], view.LeftOut["shows a picture of the golden set"], view.LeftOut["is of a burst of the golden set"]));
        }
    }

    [Fact]
    public async Task A_golden_frame_that_was_not_asked_for_still_keeps_its_part_out_of_training()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync(fleet.Frame("judge") with { Use = FrameUse.Golden, Device = new("line-9"), Part = "p" }, fleet.Frame("same-part") with { Part = "p" }, fleet.Frame("clean"));

        var view = await fleet.FreezeAsync(Frozen.Request() with { Device = new("line-1") });

        Assert.Equal(["clean"], fleet.Entries(view).Keys);
    }

    [Fact]
    public async Task A_trainer_gets_what_is_to_learn_from_and_to_validate_on_and_nothing_else()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync([.. Enumerable.Range(0, 60).Select(i => fleet.Frame($"f{i}", stored: true)), fleet.Frame("judge", stored: true) with { Use = FrameUse.Golden }]);
        var view = await fleet.FreezeAsync(Frozen.Request(new(0.5, 0.25, 0.25)));
        var folder = Path.Combine(fleet.Data, "laid-out");

        Assert.True(await fleet.Store.ExportAsync(view.Digest, folder, TestContext.Current.CancellationToken));
        Assert.False(await fleet.Store.ExportAsync(new string('0', 64), folder, TestContext.Current.CancellationToken));

        var laid = System.Text.Json.JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Path.Combine(folder, "dataset.json"), TestContext.Current.CancellationToken), Contracts.ContractsJson.Default.DatasetDetail)!;
        Assert.Equal(view.Splits!["train"] + view.Splits["validation"], laid.Entries.Count);
        Assert.Equal([DatasetSplit.Train, DatasetSplit.Validation], laid.Entries.Select(entry => entry.Split!.Value).Distinct().Order());
        Assert.Equal(laid.Entries.Select(entry => entry.ImageDigest).Order(), Directory.GetFiles(Path.Combine(folder, "images")).Select(Path.GetFileNameWithoutExtension).Order());
    }
}
