using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Grouping;

namespace CvOps.Fleet.Tests.Datasets;

public sealed class SplitTests
{
    private static readonly SplitShares Shares = new(0.6, 0.2, 0.2);

    [Fact]
    public async Task Frames_of_one_part_burst_or_picture_never_lie_in_two_splits()
    {
        using var fleet = new Frozen();
        var frames = new List<FrameView>();
        for (var i = 0; i < 200; i++)
        {
            // A part that two cameras saw, a burst of three frames without a part, and a picture that was imported beside the device's frame.
            frames.Add(fleet.Frame($"part-a-{i}") with { Part = $"p{i}" });
            frames.Add(fleet.Frame($"part-b-{i}") with { Part = $"p{i}", Device = new("line-2") });
            for (var shot = 0; shot < 3; shot++) frames.Add(fleet.Frame($"burst-{i}-{shot}") with { Part = null, Camera = new("side"), CapturedAt = Frozen.At.AddSeconds((60 * i) + (1.5 * shot)) });
            frames.Add(fleet.Frame($"twin-a-{i}", picture: $"twin-{i}"));
            frames.Add(fleet.Frame($"twin-b-{i}", picture: $"twin-{i}") with { Device = null, Camera = null, Part = null });
        }
        await fleet.AddAsync([.. frames]);

        var view = await fleet.FreezeAsync(Frozen.Request(Shares));
        var entries = fleet.Entries(view);

        Assert.Equal(600, view.Groups);
        foreach (var kind in new[] { "part", "burst", "twin" })
        {
            var groups = entries.Values.Where(entry => entry.FrameId.StartsWith(kind, StringComparison.Ordinal)).GroupBy(entry => entry.FrameId.Split('-')[kind == "burst" ? 1 : 2]).ToArray();
            Assert.Equal(200, groups.Length);
            Assert.All(groups, group => Assert.Equal((1, 1), (group.Select(entry => entry.Group).Distinct().Count(), group.Select(entry => entry.Split).Distinct().Count())));
        }
        Assert.InRange(view.Splits!["train"] / 1400.0, 0.5, 0.7);
        Assert.InRange(view.Splits["test"] / 1400.0, 0.13, 0.27);
    }

    [Fact]
    public async Task A_group_keeps_its_split_when_frames_and_labels_come_later()
    {
        using var fleet = new Frozen();
        FrameView Late(int i) => fleet.Frame($"later-{i}") with { Part = null, CapturedAt = Frozen.At.AddMinutes(i).AddSeconds(1) };
        await fleet.AddAsync([.. Enumerable.Range(0, 300).Select(i => fleet.Frame($"f{i}") with { Part = i % 2 == 0 ? $"p{i}" : null, CapturedAt = Frozen.At.AddMinutes(i) })]);
        var before = fleet.Entries(await fleet.FreezeAsync(Frozen.Request(Shares)));

        // Another frame of each part, one at each burst's end, new parts, and frames that nobody labelled.
        await fleet.AddAsync(
        [
            .. Enumerable.Range(0, 300).Select(i => i % 2 == 0 ? fleet.Frame($"again-{i}") with { Part = $"p{i}", CapturedAt = Frozen.At.AddDays(1) } : Late(i)),
            .. Enumerable.Range(0, 300).Select(i => fleet.Frame($"new-{i}") with { CapturedAt = Frozen.At.AddDays(2).AddMinutes(i) }),
            .. Enumerable.Range(0, 300).Select(i => fleet.Frame($"blank-{i}") with { Part = null, State = LabelState.Unlabelled, Label = null, CapturedAt = Frozen.At.AddDays(3).AddMinutes(i) }),
        ]);
        var after = fleet.Entries(await fleet.FreezeAsync(Frozen.Request(Shares)));

        Assert.Equal(900, after.Count);
        Assert.All(before.Values, entry => Assert.Equal((entry.Group, entry.Split), (after[entry.FrameId].Group, after[entry.FrameId].Split)));
        Assert.All(Enumerable.Range(0, 300), i => Assert.Equal(after[$"f{i}"].Group, after[i % 2 == 0 ? $"again-{i}" : $"later-{i}"].Group));
    }

    [Fact]
    public async Task Cameras_and_devices_that_saw_one_part_are_split_together()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync(
        [
            .. Enumerable.Range(0, 120).Select(i => fleet.Frame($"f{i}") with { Device = new($"line-{i / 4}"), Camera = new($"cam-{i % 2}") }),
            // The camera of line 0 and that of line 1 saw the same part.
            fleet.Frame("x") with { Device = new("line-0"), Camera = new("cam-0"), Part = "shared" }, fleet.Frame("y") with { Device = new("line-1"), Camera = new("cam-1"), Part = "shared" },
        ]);

        var cameras = fleet.Entries(await fleet.FreezeAsync(Frozen.Request(Shares) with { GroupBy = SplitBy.Camera })).Values.ToArray();
        Assert.Equal(59, cameras.Select(entry => entry.Group).Distinct().Count());
        Assert.All(cameras.GroupBy(entry => (entry.Device, entry.Camera)), camera => Assert.Single(camera.Select(entry => entry.Split).Distinct()));
        Assert.Single(cameras.Where(entry => $"{entry.Device}/{entry.Camera}" is "line-0/cam-0" or "line-1/cam-1").Select(entry => entry.Group).Distinct());

        var devices = fleet.Entries(await fleet.FreezeAsync(Frozen.Request(Shares) with { GroupBy = SplitBy.Device })).Values.ToArray();
        Assert.Equal(29, devices.Select(entry => entry.Group).Distinct().Count());
    }

    [Fact]
    public void A_burst_ends_with_the_first_gap_that_is_longer()
    {
        var bursts = new BurstIndex([("d", "c", 30), ("d", "c", 10), ("d", "c", 20), ("d", "c", 41), ("d", "other", 35)], gap: 10);

        Assert.Equal([10L, 10L, 10L, 41L], new long[] { 10, 20, 30, 41 }.Select(at => bursts.StartOf("d", "c", at)!.Value));
        Assert.Equal(35, bursts.StartOf("d", "other", 35));
        Assert.Null(bursts.StartOf("d", "c", 9));
        Assert.Null(new BurstIndex([("d", "c", 10)], gap: 0).StartOf("d", "c", 10));
    }

    [Fact]
    public void Groups_that_are_joined_have_one_name_whichever_was_joined_first()
    {
        (string, long, string, long)[] joins = [("b", 5, "c", 9), ("a", 7, "d", 1), ("c", 2, "a", 8), ("x", 1, "y", 1)];
        foreach (var order in new[] { joins, [.. joins.Reverse()] })
        {
            var links = new GroupLinks();
            foreach (var (first, firstAt, second, secondAt) in order) links.Join(first, firstAt, second, secondAt);
            Assert.Equal(["d", "d", "d", "d", "x", "x", "z"], new[] { "a", "b", "c", "d", "x", "y", "z" }.Select(links.Find));
        }
    }

    [Fact]
    public void Shares_are_kept_over_many_groups_and_a_larger_share_moves_no_group_out_of_it()
    {
        var groups = Enumerable.Range(0, 20_000).Select(i => GroupName.Of($"part:{i}")).ToArray();
        Assert.InRange(groups.Count(group => SplitRule.Of(group, Shares) == DatasetSplit.Validation) / 20_000.0, 0.19, 0.21);
        Assert.All(groups.Where(group => SplitRule.Of(group, Shares) == DatasetSplit.Train), group => Assert.Equal(DatasetSplit.Train, SplitRule.Of(group, new(0.8, 0.1, 0.1))));
        Assert.All(groups, group => Assert.NotEqual(DatasetSplit.Test, SplitRule.Of(group, new(0.3, 0.7))));
        Assert.Equal(20_000, groups.Select(group => group.Name).Distinct().Count());
    }
}
