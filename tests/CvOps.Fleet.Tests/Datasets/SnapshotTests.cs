using System.Text;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Datasets.Snapshots;
using Dapper;

namespace CvOps.Fleet.Tests.Datasets;

public sealed class SnapshotTests
{
    private static readonly SplitShares Thirds = new(0.5, 0.25, 0.25);

    [Fact]
    public async Task The_same_frames_and_labels_are_the_same_snapshot_in_whatever_order_they_came()
    {
        using var one = new Frozen();
        using var other = new Frozen();
        FrameView[] frames = [.. Enumerable.Range(0, 1200).Select(i => one.Frame($"f{i * 7919 % 1200:0000}", i % 3 == 0 ? "scratch" : "ok"))];
        await one.AddAsync(frames);
        await other.AddAsync([.. frames.Reverse()]);

        var (first, second) = (await one.FreezeAsync(Frozen.Request(Thirds)), await other.FreezeAsync(Frozen.Request(Thirds) with { Name = "another name", By = "another person" }));

        Assert.Equal(first.Digest, second.Digest);
        Assert.Equal((1200, 400, 800), (first.Frames, first.Classes["scratch"], first.Classes["ok"]));
        Assert.Equal(frames.Select(frame => frame.Id).Order(StringComparer.Ordinal), one.Store.DocumentOf(first.Digest).Read().Select(entry => entry.FrameId));
        // The same again, under another name, is the snapshot it was.
        Assert.Equal("test", (await one.FreezeAsync(Frozen.Request(Thirds) with { Name = "again" })).Name);
        await one.LabelAsync(frames[5], "dent", Frozen.At.AddDays(1));
        Assert.NotEqual(first.Digest, (await one.FreezeAsync(Frozen.Request(Thirds))).Digest);
    }

    [Fact]
    public async Task A_frame_comes_out_of_a_snapshot_as_it_went_in()
    {
        using var fleet = new Frozen();
        var frame = fleet.Frame("drawn", stored: true) with
        {
            Label = new FrameLabel(null, [new LabelBox("dent", 1.25, 2, 3, 4.5)], "test", Frozen.At, [new LabelPolygon("chip", [0, 0, 5, 0, 5, 5])], PartVerdict.Ng),
        };
        await fleet.AddAsync(frame);
        await fleet.Database.WriteAsync(connection => connection.Execute(
            """INSERT INTO devices (id, site, last_seen, labels) VALUES ('line-1', 'ulm', 0, '{"product":"m8","line":"3"}')"""), TestContext.Current.CancellationToken);

        var entry = Assert.Single(fleet.Entries(await fleet.FreezeAsync()).Values);

        Assert.Equal((frame.Id, frame.ImageDigest, null, PartVerdict.Ng, 16, 16), (entry.FrameId, entry.ImageDigest, entry.Class, entry.Verdict, entry.Width, entry.Height));
        Assert.Equal((frame.Device, frame.Camera, frame.Part, frame.CapturedAt), (entry.Device, entry.Camera, entry.Part, entry.CapturedAt));
        Assert.Equal(frame.Label!.Boxes, entry.Boxes);
        Assert.Equal(frame.Label.Polygons![0].Points, Assert.Single(entry.Polygons!).Points);
        Assert.Equal(["line=3", "product=m8"], entry.Labels!.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.InRange(entry.Brightness!.Value, 1, 254);
    }

    [Fact]
    public async Task Every_entry_is_found_again_in_a_long_document_and_none_that_is_not_there()
    {
        using var fleet = new Frozen();
        var picture = fleet.Frame("a").ImageDigest;
        var entries = Enumerable.Range(0, 3000).Select(i => new DatasetEntry($"{i * 2:00000}", picture, new string('x', 1 + i * 37 % 900), FrameUse.Training, [])).ToArray();
        var document = new SnapshotDocument(fleet.Blobs.PathOf(fleet.Blobs.Put(SnapshotRule.Document(entries))));

        Assert.Equal(entries.Select(entry => entry.Class), entries.Select(entry => document.Find(entry.FrameId)?.Class));
        Assert.All(entries.Where((_, i) => i % 50 == 0), entry => Assert.Null(document.Find(entry.FrameId + "0")));
        Assert.Null(document.Find(""));
        Assert.Null(document.Find("~"));
        Assert.Equal(["00102", "00104"], document.Read("00100").Take(2).Select(entry => entry.FrameId));
        Assert.Equal(["00102", "00104"], document.Read("00101").Take(2).Select(entry => entry.FrameId));
        Assert.Empty(document.Read("05998"));
        Assert.Empty(new SnapshotDocument(fleet.Blobs.PathOf(fleet.Blobs.Put([]))).Read("x"));
        await Task.CompletedTask;
    }

    [Fact]
    public async Task What_was_asked_for_narrows_the_snapshot_and_slices_count_by_split()
    {
        using var fleet = new Frozen();
        await fleet.Database.WriteAsync(connection => connection.Execute(
            """INSERT INTO devices (id, site, last_seen, labels) VALUES ('line-1', 'ulm', 0, '{"line":"3"}'), ('line-2', 'ulm', 0, '{"line":"4"}')"""), TestContext.Current.CancellationToken);
        await fleet.AddAsync(
        [
            .. Enumerable.Range(0, 30).Select(i => fleet.Frame($"one-{i}", stored: true)),
            .. Enumerable.Range(0, 20).Select(i => fleet.Frame($"two-{i}", stored: true) with { Device = new("line-2"), CapturedAt = Frozen.At.AddHours(i) }),
            fleet.Frame("judge", stored: true) with { Use = FrameUse.Golden },
            fleet.Frame("new") with { State = LabelState.Unlabelled, Label = null },
        ]);

        var all = await fleet.FreezeAsync(Frozen.Request(Thirds));
        Assert.Equal((51, 1, 50), (all.Frames, all.Golden, all.Groups!.Value));
        Assert.Equal(51, all.Splits!.Values.Sum());
        var slice = all.Slices!.Single(slice => slice is { Kind: "line", Value: "3" });
        Assert.Equal((31, 1), (slice.Frames, slice.Splits["golden"]));
        Assert.Equal(["line-1/top", "line-2/top"], all.Slices!.Where(slice => slice.Kind == "camera").Select(slice => slice.Value));
        Assert.Equal(51, all.Slices!.Where(slice => slice.Kind == "light").Sum(slice => slice.Frames));

        Assert.Equal(20, (await fleet.FreezeAsync(Frozen.Request() with { Where = "line in (4)" })).Frames);
        Assert.Equal(20, (await fleet.FreezeAsync(Frozen.Request() with { Device = new("line-2") })).Frames);
        Assert.Equal(5, (await fleet.FreezeAsync(Frozen.Request() with { Device = new("line-2"), Since = Frozen.At.AddHours(5), Until = Frozen.At.AddHours(10) })).Frames);
        Assert.Null(await fleet.Store.SnapshotAsync(Frozen.Request() with { Device = new("line-9") }, TestContext.Current.CancellationToken));
        var page = await fleet.Store.PageAsync(all.Digest, new EntryQuery(Slice: ("line", "3"), Split: "golden", Limit: 10), TestContext.Current.CancellationToken);
        Assert.Equal(["judge"], page!.Entries.Select(entry => entry.FrameId));
    }

    [Fact]
    public async Task A_page_goes_on_where_the_last_one_ended()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync([.. Enumerable.Range(0, 25).Select(i => fleet.Frame($"f{i:00}", i % 2 == 0 ? "ok" : "dent"))]);
        var view = await fleet.FreezeAsync();

        var (ids, after) = (new List<string>(), (string?)null);
        do
        {
            var page = await fleet.Store.PageAsync(view.Digest, new EntryQuery(after, Class: "ok", Limit: 5), TestContext.Current.CancellationToken);
            ids.AddRange(page!.Entries.Select(entry => entry.FrameId));
            after = page.Next;
        } while (after is not null);

        Assert.Equal(Enumerable.Range(0, 25).Where(i => i % 2 == 0).Select(i => $"f{i:00}"), ids);
        Assert.Null(await fleet.Store.PageAsync(new string('0', 64), new EntryQuery(), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("name", "A snapshot needs a 'name'")]
    [InlineData("shares", "are 0.5, 0.25 and 0.3: each has to be at least 0, and together they have to be 1")]
    [InlineData("burst", "'burstSeconds' is the time")]
    [InlineData("time", "'since' has to be before 'until'")]
    [InlineData("where", "'where' is no selector")]
    [InlineData("group", "'where' asks for 'group'")]
    public void A_request_that_makes_no_sense_is_refused_with_a_sentence(string what, string says)
    {
        var request = Frozen.Request();
        request = what switch
        {
            "name" => request with { Name = " " },
            "shares" => request with { Splits = new(0.5, 0.25, 0.3) },
            "burst" => request with { BurstSeconds = double.NaN },
            "time" => request with { Since = Frozen.At, Until = Frozen.At },
            "where" => request with { Where = "line in (" },
            _ => request with { Where = "group=night" },
        };
        Assert.Contains(says, Assert.Single(SnapshotRule.Mistakes(request)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_snapshot_that_is_stopped_in_the_middle_leaves_nothing_behind()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync([.. Enumerable.Range(0, 2000).Select(i => fleet.Frame($"f{i:0000}", picture: $"{i % 10}"))]);
        using var stop = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fleet.Store.SnapshotAsync(Frozen.Request(), stop.Token, (stage, _, _) =>
        {
            if (stage == "grouping") stop.Cancel();
        }));

        Assert.Empty(await fleet.Store.ListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(Directory.GetFiles(Path.Combine(fleet.Data, "blobs", "incoming")));
        Assert.Equal(2000, (await fleet.FreezeAsync()).Frames);
    }

    [Fact]
    public async Task A_snapshot_of_an_earlier_fleet_is_read_as_it_was()
    {
        using var fleet = new Frozen();
        var line = $$"""{"frameId":"old","imageDigest":"{{new string('a', 64)}}","class":"ok","use":"Training","boxes":[]}""";
        var digest = fleet.Blobs.Put(Encoding.UTF8.GetBytes(line + "\n"));
        await fleet.Database.WriteAsync(connection => connection.Execute("INSERT INTO datasets (digest, created_at, body) VALUES (@digest, 0, @body)",
            new { digest, body = $$"""{"digest":"{{digest}}","name":"old","frames":1,"golden":0,"classes":{"ok":1},"createdAt":"2026-01-01T00:00:00+00:00","by":"x"}""" }), TestContext.Current.CancellationToken);

        var page = await fleet.Store.PageAsync(digest, new EntryQuery(Split: "train"), TestContext.Current.CancellationToken);

        Assert.Equal(("old", null, null), (Assert.Single(page!.Entries).FrameId, page.View.Splits, page.Entries[0].Split));
        Assert.True(SnapshotRule.IsForTrainers(page.Entries[0]));
    }
}
