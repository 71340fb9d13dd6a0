using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Changes;

namespace CvOps.Fleet.Tests.Datasets;

public sealed class ChangeTests
{
    [Fact]
    public async Task Every_difference_of_two_snapshots_is_told_and_nothing_else()
    {
        using var fleet = new Frozen();
        FrameView[] frames = [.. Enumerable.Range(0, 40).Select(i => fleet.Frame($"f{i:00}"))];
        await fleet.AddAsync(frames);
        var before = await fleet.FreezeAsync(Frozen.Request() with { Since = Frozen.At });

        await fleet.LabelAsync(frames[3], "dent", Frozen.At.AddHours(1));
        await fleet.LabelAsync(frames[7] with { Part = "another" }, "dent", Frozen.At.AddHours(1));
        await fleet.LabelAsync(frames[9] with { Use = FrameUse.Golden }, "ok", Frozen.At.AddHours(1));
        await fleet.LabelAsync(frames[11] with { State = LabelState.Skipped }, "ok", Frozen.At.AddHours(1));
        await fleet.AddAsync(fleet.Frame("a-new-one"), fleet.Frame("z-new-one"));
        var after = await fleet.FreezeAsync();
        var comparison = new SnapshotComparison(fleet.Store);
        var diff = (await comparison.CompareAsync(before.Digest, after.Digest, null, null, 100, TestContext.Current.CancellationToken))!;

        Assert.Equal((2, 1, 2, 1, 2, 36), (diff.Added, diff.Removed, diff.Relabelled, diff.Moved, diff.Redescribed, diff.Unchanged));
        Assert.Equal(
            ["a-new-one Added", "f03 Relabelled", "f07 Relabelled,Redescribed", "f09 Moved,Redescribed", "f11 Removed", "z-new-one Added"],
            diff.Changes.Select(change => $"{change.FrameId} {string.Join(',', change.Kinds)}"));
        Assert.Equal(("ok", "dent", null, "ok"), (diff.Changes[1].Before!.Class, diff.Changes[1].After!.Class, diff.Changes[0].Before?.Class, diff.Changes[0].After!.Class));

        var back = (await comparison.CompareAsync(after.Digest, before.Digest, null, null, 100, TestContext.Current.CancellationToken))!;
        Assert.Equal((1, 2), (back.Added, back.Removed));
        var same = (await comparison.CompareAsync(after.Digest, after.Digest, null, null, 100, TestContext.Current.CancellationToken))!;
        Assert.Equal((41, 0), (same.Unchanged, same.Changes.Count));
        Assert.Null(await comparison.CompareAsync(after.Digest, new string('0', 64), null, null, 100, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Changes_come_in_pages_and_by_kind()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync(fleet.Frame("f00"));
        var before = await fleet.FreezeAsync();
        await fleet.AddAsync([.. Enumerable.Range(1, 7).Select(i => fleet.Frame($"f{i:00}"))]);
        await fleet.LabelAsync(fleet.Frame("f00"), "dent", Frozen.At.AddHours(1));
        var after = await fleet.FreezeAsync();
        var comparison = new SnapshotComparison(fleet.Store);

        var (ids, cursor) = (new List<string>(), (string?)null);
        do
        {
            var page = (await comparison.CompareAsync(before.Digest, after.Digest, DatasetChangeKind.Added, cursor, 3, TestContext.Current.CancellationToken))!;
            Assert.Equal((7, 1), (page.Added, page.Relabelled));
            ids.AddRange(page.Changes.Select(change => change.FrameId));
            cursor = page.Next;
        } while (cursor is not null);

        Assert.Equal(Enumerable.Range(1, 7).Select(i => $"f{i:00}"), ids);
    }

    [Fact]
    public void Boxes_outlines_and_origin_are_compared_by_what_they_hold()
    {
        var entry = new DatasetEntry("f", "i", null, FrameUse.Training, [new LabelBox("dent", 1, 2, 3, 4)]) { Polygons = [new LabelPolygon("chip", [0, 0, 1, 0, 1, 1])], Labels = new Dictionary<string, string> { ["line"] = "3" } };
        var copy = entry with { Boxes = [new LabelBox("dent", 1, 2, 3, 4)], Polygons = [new LabelPolygon("chip", [0, 0, 1, 0, 1, 1])], Labels = new Dictionary<string, string> { ["line"] = "3" } };

        Assert.Empty(ChangeRule.Of(entry, copy));
        Assert.Equal([DatasetChangeKind.Relabelled], ChangeRule.Of(entry, copy with { Polygons = [new LabelPolygon("chip", [0, 0, 1, 0, 1, 2])] }));
        Assert.Equal([DatasetChangeKind.Relabelled], ChangeRule.Of(entry, copy with { Polygons = null }));
        Assert.Equal([DatasetChangeKind.Relabelled, DatasetChangeKind.Moved], ChangeRule.Of(entry, copy with { Boxes = [], Split = DatasetSplit.Test }));
        Assert.Equal([DatasetChangeKind.Redescribed], ChangeRule.Of(entry, copy with { Labels = null }));
    }
}
